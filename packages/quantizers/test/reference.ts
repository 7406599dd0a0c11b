/** The residual form of the paper (equations 4 to 6), one value at a time in float64. */
export function residualDecomposition(
  x: number,
  range: number,
  signed: boolean,
  gates: readonly number[],
): { quantized: number; nearTie: boolean } {
  const edge = range * (1 - 2 ** -23);
  const clipped = Math.min(Math.max(x, signed ? -edge : 0), edge);
  let rounded = 0;
  let open = 1;
  let quantized = 0;
  let nearTie = false;
  for (const [level, bits] of [2, 4, 8, 16].entries()) {
    const step = ((signed ? 2 : 1) * range) / (2 ** bits - 1);
    const ratio = (clipped - rounded) / step;
    // Within float32 of a tie, two correct implementations may round apart.
    if (Math.abs(Math.abs(ratio % 1) - 0.5) < 2 ** bits * 2e-7 + 1e-6) nearTie = true;
    const residual = step * roundHalfToEven(ratio);
    rounded += residual;
    open *= level === 0 ? 1 : gates[level - 1]!;
    quantized += open * residual;
  }
  return { quantized, nearTie };
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (fraction !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

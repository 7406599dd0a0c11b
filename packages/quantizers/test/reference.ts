/** The residual form of Bayesian Bits (equations 4 to 6), one value at a time in float64. */
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

/** Mid-rise levels with a gain, one vector at a time in float64, by floor and sums as they are written down. */
export function midRiseLevels(
  vector: readonly number[],
  kappa: number,
  bits: number,
  signed: boolean,
): { quantized: number[]; nearThreshold: boolean } {
  const values = vector.map((value) => (signed ? value : Math.max(0, value)));
  const energy = values.reduce((total, value) => total + value ** 2, 0);
  if (energy === 0) return { quantized: values.map(() => 0), nearThreshold: false };
  const range = kappa * Math.sqrt(energy / values.length);
  const count = signed ? 2 ** (bits - 1) : 2 ** bits;
  let nearThreshold = false;
  const levels = values.map((value) => {
    const place = (value / range) * count;
    // Thresholds are whole numbers: within float32 of one, a value may fall to either side.
    if (value !== 0 && Math.abs(place - Math.round(place)) < count * 4e-7) nearThreshold = true;
    return Math.min(Math.max(Math.floor(place), signed ? -count : 0), count - 1) + 0.5;
  });
  const along = levels.reduce((total, level, index) => total + level * values[index]!, 0);
  return { quantized: levels.map((level) => (level * energy) / along), nearThreshold };
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (fraction !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

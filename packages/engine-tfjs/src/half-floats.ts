/** How many bytes one value takes on disk. */
export const BYTES_PER_VALUE = { f32: 4, f16: 2, bf16: 2 } as const;

/** Writes the exact float32 values of bfloat16 `bits` into `out`: the upper half of the same number. */
export function widenBrainFloats(bits: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let index = 0; index < bits.length; index++) words[index] = bits[index]! << 16;
}

/** Writes the exact float32 values of IEEE half-precision `bits` into `out`. */
export function widenHalfFloats(bits: Uint16Array, out: Float32Array): void {
  for (let index = 0; index < bits.length; index++) out[index] = halfToNumber(bits[index]!);
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

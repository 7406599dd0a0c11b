/**
 * Conversions between float32 and the two 16-bit float types. Widening is
 * exact; narrowing rounds to nearest, ties to even.
 */

/** Every float16 as float32, by its 16 bits. */
function buildFloat16Table(): Float32Array {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >>> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1024 + fraction) * 2 ** (exponent - 25);
    table[bits] = bits & 0x8000 ? -magnitude : magnitude;
  }
  return table;
}

/** The exact float32 values of float16 `bits`, into `out`. */
export function widenFloat16(bits: Uint16Array, out: Float32Array = new Float32Array(bits.length)): Float32Array {
  const float16Values = buildFloat16Table();
  for (let index = 0; index < bits.length; index++) out[index] = float16Values[bits[index]!]!;
  return out;
}

/** The exact float32 values of bfloat16 `bits`, into `out`: the upper half of the same number. */
export function widenBfloat16(bits: Uint16Array, out: Float32Array = new Float32Array(bits.length)): Float32Array {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let index = 0; index < bits.length; index++) words[index] = bits[index]! << 16;
  return out;
}

/** Drops `count` low bits of a magnitude, to nearest and ties to even. */
const roundBits = (magnitude: number, count: number): number => {
  const half = 2 ** (count - 1) - 1;
  const isOdd = (magnitude >>> count) & 1;
  return (magnitude + half + isOdd) >>> count;
};

function narrowToFloat16(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // From 65520 on the nearest float16 is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | (roundBits(magnitude, 13) - (112 << 10));
  const exponent = magnitude >>> 23;
  // Below half of the smallest subnormal, 2^-24.
  if (exponent < 102) return sign;
  return sign | roundBits((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

function narrowToBfloat16(word: number): number {
  const isNaNWord = (word & 0x7fffffff) > 0x7f800000;
  return isNaNWord ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** Loops, because `Uint16Array.from` takes some 50 times as long. */
export function narrowFloat16(values: Float32Array): Uint16Array {
  const words = wordsOf(values);
  const bits = new Uint16Array(words.length);
  for (let index = 0; index < words.length; index++) bits[index] = narrowToFloat16(words[index]!);
  return bits;
}

export function narrowBfloat16(values: Float32Array): Uint16Array {
  const words = wordsOf(values);
  const bits = new Uint16Array(words.length);
  for (let index = 0; index < words.length; index++) bits[index] = narrowToBfloat16(words[index]!);
  return bits;
}

function wordsOf({ buffer, byteOffset, length }: Float32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}

/**
 * Whole numbers of `bits` bits, 1 to 16, as a stream of bytes: the first code in
 * the lowest bits of the first byte. Negative codes are two's complement.
 * 4-bit codes lie as ONNX stores int4, 8- and 16-bit ones as int8 and int16.
 */
export function packBits(codes: Int32Array, bits: number): Uint8Array {
  const bytes = new Uint8Array(packedLength(codes.length, bits));
  const mask = 2 ** bits - 1;
  let held = 0;
  let count = 0;
  let position = 0;
  for (const code of codes) {
    held |= (code & mask) << count;
    count += bits;
    for (; count >= 8; count -= 8) {
      bytes[position++] = held & 0xff;
      held >>>= 8;
    }
  }
  if (count > 0) bytes[position] = held;
  return bytes;
}

/** The way back from `packBits`. */
export function unpackBits(bytes: Uint8Array, count: number, bits: number, signed: boolean): Int32Array {
  const codes = new Int32Array(count);
  const mask = 2 ** bits - 1;
  const shift = signed ? 32 - bits : 0;
  let held = 0;
  let available = 0;
  let position = 0;
  for (let index = 0; index < count; index++) {
    for (; available < bits; available += 8) held |= bytes[position++]! << available;
    codes[index] = ((held & mask) << shift) >> shift;
    held >>>= bits;
    available -= bits;
  }
  return codes;
}

/** Bytes of `count` codes of `bits` bits. */
export function packedLength(count: number, bits: number): number {
  return Math.ceil((count * bits) / 8);
}

/**
 * Vectors of whole numbers, each of its own width of 1 to 16 bits, as one
 * stream of bytes: the first code in the lowest bits of the first byte, and no
 * padding between vectors. Negative codes are two's complement. 4-bit codes
 * lie as ONNX stores int4, 8- and 16-bit ones as int8 and int16.
 *
 * @param codes [N, K], row-major
 * @param bits [N]
 */
export function packBits(codes: Int32Array, bits: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(packedLength(codes.length, bits));
  const K = codes.length / bits.length;
  let held = 0;
  let count = 0;
  let position = 0;
  for (const [index, code] of codes.entries()) {
    const width = bits[Math.floor(index / K)]!;
    held |= (code & (2 ** width - 1)) << count;
    count += width;
    for (; count >= 8; count -= 8) {
      bytes[position++] = held & 0xff;
      held >>>= 8;
    }
  }
  if (count > 0) bytes[position] = held;
  return bytes;
}

/** The way back from `packBits`: `size` codes in all. */
export function unpackBits(bytes: Uint8Array, size: number, bits: readonly number[], signed: boolean): Int32Array {
  const codes = new Int32Array(size);
  const K = size / bits.length;
  let held = 0;
  let available = 0;
  let position = 0;
  for (let index = 0; index < size; index++) {
    const width = bits[Math.floor(index / K)]!;
    for (; available < width; available += 8) held |= bytes[position++]! << available;
    const shift = signed ? 32 - width : 0;
    codes[index] = ((held & (2 ** width - 1)) << shift) >> shift;
    held >>>= width;
    available -= width;
  }
  return codes;
}

/** Bytes of `size` codes in vectors of the given widths. */
export function packedLength(size: number, bits: readonly number[]): number {
  const total = bits.reduce((sum, width) => sum + width, 0);
  return bits.length === 0 ? 0 : Math.ceil((total * (size / bits.length)) / 8);
}

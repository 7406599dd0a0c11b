/** A matrix as ONNX Runtime's `MatMulNBits` takes it at 4 bits: value = scale · (code - 8), a scale for each block. */
export interface QuantizedBlocks {
  /** [O, blocks, BLOCK / 2], the even entry in the low half of a byte */
  readonly codes: Uint8Array;
  /** [O, blocks] */
  readonly scales: Float32Array;
}

/** Entries of a row that share a scale. */
export const BLOCK = 32;
const ZERO_POINT = 8;
const LARGEST_CODE = 15;

export function blocksPerRow(columns: number): number {
  return Math.ceil(columns / BLOCK);
}

/**
 * Rounds blocks of 32 entries of every row of a matrix [O, I] to 4 bits. The
 * entry of largest magnitude becomes code 0, -8 scales, whatever its sign:
 * codes reach further down than up.
 */
export function quantizeBlocks(values: Float32Array, columns: number): QuantizedBlocks {
  const rows = values.length / columns;
  const blocks = blocksPerRow(columns);
  const codes = new Uint8Array((rows * blocks * BLOCK) / 2).fill((ZERO_POINT << 4) | ZERO_POINT);
  const scales = new Float32Array(rows * blocks);
  for (let block = 0; block < rows * blocks; block++) {
    const column = (block % blocks) * BLOCK;
    const start = Math.floor(block / blocks) * columns + column;
    const entries = values.subarray(start, start + Math.min(BLOCK, columns - column));
    const scale = Math.fround(extreme(entries) / -ZERO_POINT);
    scales[block] = scale;
    if (scale === 0) continue;
    entries.forEach((value, index) => {
      const code = Math.min(LARGEST_CODE, Math.max(0, Math.round(value / scale) + ZERO_POINT));
      const byte = (block * BLOCK + index) >> 1;
      codes[byte] = index % 2 === 0 ? (codes[byte]! & 0xf0) | code : (codes[byte]! & 0x0f) | (code << 4);
    });
  }
  return { codes, scales };
}

/** The entry of largest magnitude. */
function extreme(entries: Float32Array): number {
  return entries.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
}

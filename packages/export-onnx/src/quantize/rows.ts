/** A matrix as bytes with a scale for each row: value = scale · (code - `ZERO_POINT`). */
export interface QuantizedRows {
  /** [O, I] */
  readonly codes: Uint8Array;
  /** [O] */
  readonly scales: Float32Array;
}

/**
 * Code of 0. Unsigned codes, because products of unsigned and signed bytes
 * saturate on processors without VNNI instructions.
 */
export const ZERO_POINT = 128;
const LARGEST_CODE = 127;

/** Rounds every row of a matrix [O, I] to whole multiples of its largest magnitude / 127. */
export function quantizeRows(values: Float32Array, columns: number): QuantizedRows {
  const rows = values.length / columns;
  const codes = new Uint8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let largest = 0;
    for (let index = start; index < start + columns; index++) largest = Math.max(largest, Math.abs(values[index]!));
    const scale = Math.fround(largest / LARGEST_CODE);
    scales[row] = scale;
    for (let index = start; index < start + columns; index++)
      codes[index] = ZERO_POINT + (scale === 0 ? 0 : Math.round(values[index]! / scale));
  }
  return { codes, scales };
}

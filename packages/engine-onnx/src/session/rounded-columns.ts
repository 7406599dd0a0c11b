import { bytesOf, type WholeNumbers } from "../graph/graph.ts";

/** Largest code; -128 has no counterpart. */
const LARGEST = 127;

/** A matrix [K, N] as codes from -127 to 127 and a scale for each of its columns. */
export interface RoundedColumns {
  /** [K, N] */
  readonly codes: Int8Array;
  /** [N] */
  readonly scales: Float32Array;
}

/**
 * The 8-bit codes of a matrix: each column by its largest magnitude, to nearest and ties to even.
 *
 * @param values [rows, columns], of which the transpose is rounded where `transposed`
 */
export function roundedColumns(values: Float32Array, rows: number, transposed: boolean): RoundedColumns {
  const columns = values.length / rows;
  const N = transposed ? rows : columns;
  const codes = new Int8Array(values.length);
  const scales = new Float32Array(N);
  const inverse = new Float64Array(N);
  for (let index = 0, row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) {
      const n = transposed ? row : column;
      // Keeps NaN, which must not vanish among the codes.
      scales[n] = Math.max(scales[n]!, Math.abs(values[index]!));
    }
  }
  for (let n = 0; n < N; n++) {
    scales[n] = scales[n]! / LARGEST;
    inverse[n] = scales[n] === 0 ? 0 : 1 / scales[n]!;
  }
  for (let index = 0, row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) {
      const n = transposed ? row : column;
      const at = transposed ? column * rows + row : index;
      codes[at] = roundHalfToEven(values[index]! * inverse[n]!);
    }
  }
  return { codes, scales };
}

/** 1.5 · 2^52: doubles near it are whole. */
const WHOLE = 6_755_399_441_055_744;

function roundHalfToEven(value: number): number {
  return value + WHOLE - WHOLE;
}

/** A frozen matrix in whole numbers, as the product takes it. */
export function roundedMatrix({ matrix, product }: WholeNumbers, values: Float32Array): RoundedColumns {
  return roundedColumns(values, matrix.shape[0]!, product === "forward");
}

/** Codes and scales as initializers hold them in memory. */
export function roundedBytes(numbers: WholeNumbers, values: Float32Array): Record<"codes" | "scales", Uint8Array> {
  const { codes, scales } = roundedMatrix(numbers, values);
  return { codes: bytesOf(codes), scales: bytesOf(scales) };
}

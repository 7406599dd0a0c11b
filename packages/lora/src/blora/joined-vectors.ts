import { ops, type Tensor } from "@blora/tensor";

/** A matrix whose rows or columns are vectors of one length K. */
export interface VectorMatrix {
  /** [N, K] or, of columns, [K, N] */
  readonly values: Tensor;
  readonly areColumns: boolean;
  /** N */
  readonly count: number;
}

/** Matrices in the order in which `joinVectors` has their vectors: columns last, to be turned all at once. */
export function inJoinedOrder<Item extends VectorMatrix>(matrices: readonly Item[]): Item[] {
  const [rows, columns] = sidesOf(matrices);
  return [...rows, ...columns];
}

/** @returns [ΣN, K] */
export function joinVectors(matrices: readonly VectorMatrix[]): Tensor {
  const [rows, columns] = sidesOf(matrices).map((side) => side.map(({ values }) => values)) as [Tensor[], Tensor[]];
  return joined(columns.length === 0 ? rows : [...rows, ops.transpose(joined(columns, 1))], 0);
}

/** Vectors [ΣN, K] in the form of the matrices they were joined from. */
export function separateVectors(vectors: Tensor, matrices: readonly VectorMatrix[]): Tensor[] {
  const [rows, columns] = sidesOf(matrices).map((side) => side.map(({ count }) => count)) as [number[], number[]];
  if (columns.length === 0) return separated(vectors, rows, 0);
  const parts = separated(vectors, [...rows, columns.reduce((sum, count) => sum + count)], 0);
  return [...parts.slice(0, -1), ...separated(ops.transpose(parts.at(-1)!), columns, 1)];
}

function sidesOf<Item extends VectorMatrix>(matrices: readonly Item[]): [rows: Item[], columns: Item[]] {
  return [matrices.filter(({ areColumns }) => !areColumns), matrices.filter(({ areColumns }) => areColumns)];
}

function joined(parts: Tensor[], axis: number): Tensor {
  return parts.length === 1 ? parts[0]! : ops.concat(parts, axis);
}

/** The gradient tfjs has for `split` fails on a single part. */
function separated(values: Tensor, sizes: number[], axis: number): Tensor[] {
  return sizes.length === 1 ? [values] : ops.split(values, sizes, axis);
}

import type { Matrix } from "@blora/spec";
import { type Shape, sizeOf } from "@blora/tensor";

/** Values [.., R, ..] with entries `indices` of one axis alone, in that order. */
export function selectedEntries(
  values: Float32Array,
  shape: Shape,
  axis: number,
  indices: readonly number[],
): Float32Array {
  return mapAxis(values, shape, axis, indices.length, (at, position) => at(indices[position]!));
}

/** Values [.., R, ..] with a matrix [R, R] applied along one axis. */
export function combinedEntries(values: Float32Array, shape: Shape, axis: number, matrix: Matrix): Float32Array {
  return mapAxis(values, shape, axis, matrix.length, (at, position) =>
    matrix[position]!.reduce((sum, factor, index) => sum + factor * at(index), 0),
  );
}

/** `size` entries along one axis, each computed from the old ones (`at`) at the same place of the other axes. */
function mapAxis(
  values: Float32Array,
  shape: Shape,
  axis: number,
  size: number,
  entry: (at: (index: number) => number, position: number) => number,
): Float32Array {
  const inner = sizeOf(shape.slice(axis + 1));
  const oldSize = shape[axis]!;
  const mapped = new Float32Array(sizeOf(shape.slice(0, axis)) * size * inner);
  return mapped.map((_, index) => {
    const [block, position] = [Math.floor(index / (size * inner)), Math.floor(index / inner) % size];
    return entry((old) => values[(block * oldSize + old) * inner + (index % inner)]!, position);
  });
}

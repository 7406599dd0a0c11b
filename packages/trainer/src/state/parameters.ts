import type { Matrix, Parameter } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { freshMoments, type Moments } from "../optimizer/adamw.ts";

/** A parameter and, where it is trained, the optimizer's averages of it. */
export interface TrainedParameter {
  readonly parameter: Parameter;
  readonly moments: Moments | undefined;
}

/** Copies the values, because updates change them in place. */
export function trained(parameter: Parameter): TrainedParameter {
  return {
    parameter: { ...parameter, values: parameter.values.slice() },
    moments: parameter.group === "frozen" ? undefined : freshMoments(parameter.values.length),
  };
}

/** Keeps entries `indices` of one axis of a parameter and of its averages. */
export function selectEntries(
  { parameter, moments }: TrainedParameter,
  axis: number,
  indices: readonly number[],
): TrainedParameter {
  const { shape, group } = parameter;
  const take = (values: Float32Array): Float32Array =>
    mapAxis(values, shape, axis, indices.length, (at, position) => at(indices[position]!));
  return {
    parameter: { group, shape: shape.with(axis, indices.length), values: take(parameter.values) },
    moments: moments && { step: moments.step, first: take(moments.first), second: take(moments.second) },
  };
}

/**
 * Replaces the values in place by ones whose gradients are `gradients` times
 * those of the old values, and the averages to match: m by the matrix, v by the
 * squares of its entries, which is right where gradients are uncorrelated.
 */
export function recombineEntries(
  { parameter, moments }: TrainedParameter,
  axis: number,
  values: Float32Array,
  gradients: Matrix,
): void {
  const { shape } = parameter;
  const combine = (averages: Float32Array, matrix: Matrix): Float32Array =>
    mapAxis(averages, shape, axis, matrix.length, (at, position) =>
      matrix[position]!.reduce((sum, factor, index) => sum + factor * at(index), 0),
    );
  parameter.values.set(values);
  if (moments === undefined) return;
  const squares = gradients.map((row) => row.map((factor) => factor * factor));
  moments.first.set(combine(moments.first, gradients));
  moments.second.set(combine(moments.second, squares));
}

/** `size` entries along one axis, each computed from the old ones (`at`) at the same place of the other axes. */
function mapAxis(
  values: Float32Array,
  shape: readonly number[],
  axis: number,
  size: number,
  entry: (at: (index: number) => number, position: number) => number,
): Float32Array {
  const blocks = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  const oldSize = shape[axis]!;
  const out = new Float32Array(blocks * size * inner);
  for (let block = 0; block < blocks; block++) {
    for (let position = 0; position < size; position++) {
      for (let offset = 0; offset < inner; offset++) {
        const at = (index: number): number => values[(block * oldSize + index) * inner + offset]!;
        out[(block * size + position) * inner + offset] = entry(at, position);
      }
    }
  }
  return out;
}

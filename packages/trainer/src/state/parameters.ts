import type { Parameter } from "@blora/spec";
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
  const take = (values: Float32Array): Float32Array => selectAxis(values, shape, axis, indices);
  return {
    parameter: { group, shape: shape.with(axis, indices.length), values: take(parameter.values) },
    moments: moments && { step: moments.step, first: take(moments.first), second: take(moments.second) },
  };
}

function selectAxis(
  values: Float32Array,
  shape: readonly number[],
  axis: number,
  indices: readonly number[],
): Float32Array {
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  const size = shape[axis]!;
  const out = new Float32Array(outer * indices.length * inner);
  for (let block = 0; block < outer; block++) {
    indices.forEach((index, position) => {
      const start = (block * size + index) * inner;
      out.set(values.subarray(start, start + inner), (block * indices.length + position) * inner);
    });
  }
  return out;
}

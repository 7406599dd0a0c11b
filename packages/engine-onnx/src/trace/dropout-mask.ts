import {
  DROPOUT_FACTORS,
  DROPOUT_SHIFTS,
  type DropoutPlan,
  dropoutCounters,
  dropoutPlan,
  type Shape,
  sizeOf,
} from "@blora/tensor";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { bytesOf, type GraphBuilder, type GraphValue } from "../graph/graph.ts";
import type { TracingBackend } from "./backend.ts";

/** Numbers of element types in the attribute of `Cast`. */
const FLOAT = 1;
const INT32 = 6;
const UINT32 = 12;

/**
 * The values of `dropoutMaskValues` as nodes of the graph, bit for bit: only words and bits are hashed there, 32
 * entries at a time, and three passes make floats of them.
 *
 * @param key int32 [2], of `dropoutKey`
 */
export function dropoutMask(backend: TracingBackend, key: TensorInfo, shape: Shape, probability: number): TensorInfo {
  const { graph } = backend;
  const size = sizeOf(shape);
  const plan = dropoutPlan(size, probability);
  const { words, digits, scales } = plan;
  const lanes = scales.length;
  if (digits.length === 0) {
    const ones = graph.node("Expand", [backend.scalar(1), backend.indices(shape)], shape, "float32");
    return backend.tensorOf(ones);
  }
  const kept = keptBits(graph, plan, randomPlanes(backend, plan, backend.graphValue(key)));
  const word = graph.node("Cast", [kept.name], [1, words], "int32", { attributes: { to: INT32 } });
  const masks = Int32Array.from(scales, (_, bit) => 1 << bit);
  const bits = graph.constant(bytesOf(masks), [lanes, 1], "int32");
  const entries = graph.node("BitwiseAnd", [word.name, bits.name], [lanes, words], "int32");
  const floats = graph.node("Cast", [entries.name], [lanes, words], "float32", { attributes: { to: FLOAT } });
  const scale = graph.constant(bytesOf(scales), [lanes, 1], "float32");
  const values = graph.node("Mul", [floats.name, scale.name], [lanes, words], "float32");
  return backend.tensorOf(shaped(backend, values, size, shape));
}

/** Random words of every plane, uint32 [planes, words]: counters mixed with the key. */
function randomPlanes(backend: TracingBackend, plan: DropoutPlan, key: GraphValue): GraphValue[] {
  const { graph } = backend;
  const planes = plan.digits.length;
  const shape = [planes, plan.words];
  const counters = backend.once(`dropout counters ${shape}`, () =>
    graph.constant(bytesOf(dropoutCounters(plan)), shape, "uint32"),
  );
  const constant = (value: number): GraphValue => graph.constant(bytesOf(Uint32Array.of(value)), [], "uint32");
  const apply = (operator: string, a: GraphValue, b: GraphValue, attributes = {}): GraphValue =>
    graph.node(operator, [a.name, b.name], shape, "uint32", { attributes });
  const unsigned = graph.node("Cast", [key.name], [2], "uint32", { attributes: { to: UINT32 } });
  let mixed = counters;
  for (const [round, factor] of DROPOUT_FACTORS.entries()) {
    const at = graph.constant(bytesOf(BigInt64Array.of(BigInt(round))), [], "int64");
    const half = graph.node("Gather", [unsigned.name, at.name], [], "uint32", { attributes: { axis: 0 } });
    const product = apply("Mul", apply("BitwiseXor", mixed, half), constant(factor));
    const moved = apply("BitShift", product, constant(DROPOUT_SHIFTS[round]!), { direction: "RIGHT" });
    mixed = apply("BitwiseXor", product, moved);
  }
  if (planes === 1) return [mixed];
  const parts = Array.from({ length: planes }, () => ({ shape: [1, plan.words], type: "uint32" as const }));
  return graph.nodes("Split", [mixed.name], parts, { attributes: { axis: 0, num_outputs: planes } });
}

/** Words whose bits are 1 as often as entries are kept: uint32 [1, words]. */
function keptBits(graph: GraphBuilder, { digits, words }: DropoutPlan, planes: readonly GraphValue[]): GraphValue {
  // The first digit is 1: nothing | random.
  return planes.reduce((kept, random, plane) => {
    const operator = digits[plane] ? "BitwiseOr" : "BitwiseAnd";
    return graph.node(operator, [kept.name, random.name], [1, words], "uint32");
  });
}

/** The first `size` of all values, as a tensor of a shape. */
function shaped(backend: TracingBackend, values: GraphValue, size: number, shape: Shape): GraphValue {
  const { graph } = backend;
  const reshaped = (value: GraphValue, to: Shape): GraphValue =>
    graph.node("Reshape", [value.name, backend.indices(to)], to, "float32");
  const total = sizeOf(values.shape);
  if (total === size) return reshaped(values, shape);
  const ends = [[0], [size], [0]].map((place) => backend.indices(place));
  const first = graph.node("Slice", [reshaped(values, [total]).name, ...ends], [size], "float32");
  return reshaped(first, shape);
}

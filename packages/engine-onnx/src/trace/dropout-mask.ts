import {
  DROPOUT_FACTORS,
  DROPOUT_SHIFTS,
  DROPOUT_WORD_BITS,
  type DropoutPlan,
  dropoutCounters,
  dropoutPlan,
  type Shape,
  sizeOf,
} from "@blora/tensor";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { bytesOf, type GraphValue } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { TracingBackend } from "./backend.ts";

/** Numbers of element types in the attribute of `Cast`. */
const UINT8 = 2;
const UINT32 = 12;

const BYTE_BITS = 8;

/**
 * The values of `dropoutMaskValues` as nodes of the graph, bit for bit: words are hashed, 32 entries at a time, and two
 * passes make floats of them, the first of them over bytes.
 *
 * @param key int32 [2], of `dropoutKey`
 */
export function dropoutMask(backend: TracingBackend, key: TensorInfo, shape: Shape, probability: number): TensorInfo {
  const { graph } = backend;
  const size = sizeOf(shape);
  const plan = dropoutPlan(size, probability);
  const { words, digits, scale } = plan;
  const bytes = DROPOUT_WORD_BITS / BYTE_BITS;
  if (digits.length === 0) {
    const ones = graph.node("Expand", [backend.scalar(1), backend.indices(shape)], shape, "float32");
    return backend.tensorOf(ones);
  }
  const kept = keptBits(graph, plan, randomPlanes(backend, plan, backend.graphValue(key)));
  const starts = Uint32Array.from({ length: bytes }, (_, byte) => BYTE_BITS * byte);
  const start = graph.constant(bytesOf(starts), [bytes, 1, 1], "uint32");
  const moved = graph.node("BitShift", [kept.name, start.name], [bytes, 1, words], "uint32", {
    attributes: { direction: "RIGHT" },
  });
  // What does not fit a byte falls away.
  const byte = graph.node("Cast", [moved.name], [bytes, 1, words], "uint8", { attributes: { to: UINT8 } });
  const masks = graph.constant(
    Uint8Array.from({ length: BYTE_BITS }, (_, bit) => 1 << bit),
    [BYTE_BITS, 1],
    "uint8",
  );
  const entries = graph.node("BitwiseAnd", [byte.name, masks.name], [bytes, BYTE_BITS, words], "uint8");
  const scales = Float32Array.from({ length: BYTE_BITS }, (_, bit) => scale / (1 << bit));
  const ofBits = graph.constant(bytesOf(scales), [BYTE_BITS], "float32");
  const values = graph.node("DequantizeLinear", [entries.name, ofBits.name], entries.shape, "float32", {
    attributes: { axis: 1 },
  });
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

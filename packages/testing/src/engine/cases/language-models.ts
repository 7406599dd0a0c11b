import {
  afterPast,
  causalAttention,
  causalBias,
  geluTanh,
  groupedAttention,
  ops,
  rmsNorm,
  rotary,
  rotaryTables,
  type Shape,
  siluGate,
  type Tensor,
} from "@blora/tensor";
import { at, build, elementwise, type Float64Tensor, matrixProduct, permute, reduce, total } from "../float64.ts";
import { floats, integers, type OpCase } from "../op-case.ts";
import { softmaxReference } from "./references.ts";

const geluTanhFormula = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

function rmsNormReference(x: Float64Tensor, scale: Float64Tensor, epsilon: number): Float64Tensor {
  const meanSquare = reduce(
    elementwise((x) => x * x, x),
    (row) => total(row) / row.length,
    [-1],
    true,
  );
  return elementwise((x, square, scale) => (scale * x) / Math.sqrt(square + epsilon), x, meanSquare, scale);
}

/** x [B, T, N, D] with the first R elements of every head turned by position / base^(2i / R). */
function rotaryReference(x: Float64Tensor, positions: Float64Tensor, R: number, base: number): Float64Tensor {
  return build(x.shape, ([b, t, n, d]) => {
    const value = (element: number): number => at(x, [b!, t!, n!, element]);
    if (d! >= R) return value(d!);
    const i = d! % (R / 2);
    const angle = at(positions, [b!, t!]) / base ** ((2 * i) / R);
    const isFirst = d! < R / 2;
    const other = value(isFirst ? d! + R / 2 : d! - R / 2);
    return value(d!) * Math.cos(angle) + (isFirst ? -other : other) * Math.sin(angle);
  });
}

const rotaryCase = (title: string, shape: Shape, R: number, places: Shape, positions: readonly number[]): OpCase => ({
  name: `rotary with rotaryTables, of ${title}`,
  inputs: [floats(`rotary ${title}`, shape), integers(places, positions)],
  compute: (x, positions) => rotary(x, rotaryTables(positions, R, 100)),
  reference: (x, positions) => rotaryReference(x, positions, R, 100),
});

/** Repeats the G key heads of [B, G, S, D] for N query heads. */
function repeatHeads(x: Float64Tensor, N: number): Float64Tensor {
  const [B, G, S, D] = x.shape as [number, number, number, number];
  return build([B, N, S, D], ([b, n, s, d]) => at(x, [b!, Math.floor((n! * G) / N), s!, d!]));
}

function attentionReference(
  query: Float64Tensor,
  keys: Float64Tensor,
  values: Float64Tensor,
  isVisible: (b: number, t: number, s: number) => boolean,
): Float64Tensor {
  const N = query.shape[1]!;
  const scores = matrixProduct(query, repeatHeads(keys, N), false, true);
  const masked = build(scores.shape, ([b, n, t, s]) => (isVisible(b!, t!, s!) ? at(scores, [b!, n!, t!, s!]) : -1e9));
  return matrixProduct(softmaxReference(masked), repeatHeads(values, N));
}

/** A shared prefix of two tokens, the second of them padding, before two rows of three. */
const PAST_MASK = [1, 0];
const MASK = integers([2, 3], [1, 1, 1, 0, 1, 1]);
const SEGMENTS = integers([2, 3], [0, 0, 1, 0, 0, 0]);

/** What decoders put around their linear maps. */
export const languageModelCases: readonly OpCase[] = [
  {
    name: "geluTanh",
    inputs: [floats("geluTanh", [3, 5], -5, 5)],
    compute: (x) => geluTanh(x),
    reference: (x) => elementwise(geluTanhFormula, x),
  },
  {
    name: "siluGate of [3, 5]",
    inputs: [floats("gate", [3, 5], -6, 6), floats("up", [3, 5])],
    compute: (gate, up) => siluGate(gate, up),
    reference: (gate, up) => elementwise((gate, up) => (gate * up) / (1 + Math.exp(-gate)), gate, up),
  },
  {
    name: "rmsNorm of [4, 6]",
    inputs: [floats("rmsNorm", [4, 6]), floats("scale", [6], 0.5, 1.5)],
    compute: (x, scale) => rmsNorm(x, scale, 1e-6),
    reference: (x, scale) => rmsNormReference(x, scale, 1e-6),
  },
  {
    name: "rmsNorm of rows near zero, of a hidden value",
    inputs: [floats("small rows", [2, 4], -0.02, 0.02), floats("scale", [4], 0.5, 1.5)],
    compute: (x, scale) => rmsNorm(ops.mul(x, 0.5), scale, 1e-3),
    reference: (x, scale) =>
      rmsNormReference(
        elementwise((x) => 0.5 * x, x),
        scale,
        1e-3,
      ),
  },
  rotaryCase("whole heads", [2, 3, 2, 4], 4, [2, 3], [0, 1, 2, 5, 0, 3]),
  rotaryCase("part of each head, the same in all rows", [2, 3, 2, 6], 4, [1, 3], [0, 1, 2]),
  rotaryCase("one row at far positions", [1, 2, 1, 4], 2, [1, 2], [40, 41]),
  {
    name: "groupedAttention of four query heads over two key heads",
    inputs: [
      floats("grouped q", [2, 4, 3, 2]),
      floats("grouped k", [2, 2, 3, 2]),
      floats("grouped v", [2, 2, 3, 2]),
      integers([2, 3], [1, 1, 1, 1, 1, 0]),
    ],
    compute: (query, keys, values, mask) =>
      groupedAttention(query, keys, values, causalBias({ attentionMask: ops.cast(mask, "float32") })),
    reference: (query, keys, values, mask) =>
      attentionReference(query, keys, values, (b, t, s) => s <= t && at(mask, [b, s]) === 1),
  },
  {
    name: "groupedAttention with causalBias and afterPast, after a shared prefix, with two texts in a row",
    inputs: [
      floats("prefixed q", [2, 2, 3, 2]),
      floats("prefixed k", [2, 1, 3, 2]),
      floats("prefixed v", [2, 1, 3, 2]),
      floats("prefix k", [1, 1, 2, 2]),
      floats("prefix v", [1, 1, 2, 2]),
      MASK,
      SEGMENTS,
    ],
    compute: (query, keys, values, pastKeys, pastValues, mask, segmentIds) => {
      const pastMask = ops.tensor(PAST_MASK, [1, 2]);
      const bias = causalBias({ attentionMask: ops.cast(mask as Tensor, "float32"), segmentIds, pastMask });
      return groupedAttention(query, afterPast(pastKeys, keys), afterPast(pastValues, values), bias);
    },
    reference: (query, keys, values, pastKeys, pastValues, mask, segments) => {
      const joined = (past: Float64Tensor, own: Float64Tensor): Float64Tensor =>
        build([2, 1, 5, 2], ([b, g, s, d]) => (s! < 2 ? at(past, [0, g!, s!, d!]) : at(own, [b!, g!, s! - 2, d!])));
      return attentionReference(query, joined(pastKeys, keys), joined(pastValues, values), (b, t, s) => {
        if (s < 2) return PAST_MASK[s] === 1;
        const own = s - 2;
        return own <= t && at(mask, [b, own]) === 1 && at(segments, [b, own]) === at(segments, [b, t]);
      });
    },
  },
  {
    name: "causalAttention of four query heads over two key heads, after one token",
    inputs: [
      floats("causal q", [2, 3, 4, 2]),
      floats("causal k", [2, 3, 2, 2]),
      floats("causal v", [2, 3, 2, 2]),
      floats("causal past k", [2, 2, 1, 2]),
      floats("causal past v", [2, 2, 1, 2]),
    ],
    compute: (query, keys, values, pastKeys, pastValues) => {
      const bias = causalBias({ attentionMask: ops.ones([2, 3]), pastMask: ops.ones([1, 1]) });
      return causalAttention(query, keys, values, { bias, past: { keys: pastKeys, values: pastValues } });
    },
    reference: (query, keys, values, pastKeys, pastValues) => {
      const joined = (past: Float64Tensor, own: Float64Tensor): Float64Tensor =>
        build([2, 2, 4, 2], ([b, g, s, d]) => (s === 0 ? at(past, [b!, g!, 0, d!]) : at(own, [b!, s! - 1, g!, d!])));
      const mixed = attentionReference(
        elementwise((q) => q / Math.sqrt(2), permute(query, [0, 2, 1, 3])),
        joined(pastKeys, keys),
        joined(pastValues, values),
        (_, t, s) => s <= t + 1,
      );
      return { shape: [6, 8], values: permute(mixed, [0, 2, 1, 3]).values };
    },
  },
];

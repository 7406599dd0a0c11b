import type { Network, PlainAdapter } from "@blora/network";
import type { CodedUpdate } from "@blora/spec";
import { floatWeights, type StoredGraph } from "./graph/float-weights.ts";
import { withCodedBranch } from "./quantize/coded-branch.ts";
import { int4 } from "./quantize/int4.ts";
import { int8 } from "./quantize/int8.ts";
import { withRoundedWeights } from "./quantize/rewrite.ts";
import { plainParts } from "./trace/forward-parts.ts";
import { traceGraph } from "./trace/trace-graph.ts";
import { collectWeights, type Weight } from "./weights.ts";

/** How base weights are stored. */
export type WeightFormat = "float32" | "int8" | "int4";

/** A weight format as files have it. */
export interface Format {
  readonly file: string;
  readonly dtype: string;
  store(graph: StoredGraph["graph"], weights: ReadonlyMap<string, Weight>): StoredGraph;
}

/** Files and names of transformers.js. */
export const FORMATS: Readonly<Record<WeightFormat, Format>> = {
  float32: {
    file: "model.onnx",
    dtype: "fp32",
    store: (graph, weights) => ({ graph, tensors: floatWeights(graph, weights) }),
  },
  int8: {
    file: "model_quantized.onnx",
    dtype: "q8",
    store: (graph, weights) => withRoundedWeights(graph, weights, int8),
  },
  int4: { file: "model_q4.onnx", dtype: "q4", store: (graph, weights) => withRoundedWeights(graph, weights, int4) },
};

/** Formats of base weights. */
export const weightFormats: readonly WeightFormat[] = Object.keys(FORMATS) as WeightFormat[];

/**
 * The graph of a plain update.
 *
 * @param branches codes of updates that stay beside their weights; undefined to add all of them
 */
export function plainGraph(
  network: Network,
  adapter: PlainAdapter,
  store: Format["store"],
  branches: ReadonlyMap<string, CodedUpdate> | undefined,
): StoredGraph {
  const isMerged = branches === undefined;
  const weights = collectWeights(network, adapter, isMerged);
  const parts = plainParts(network, adapter.head, weights, isMerged ? [] : adapter.updates.keys());
  const stored = store(traceGraph(network, adapter.head, weights, parts), weights);
  return isMerged ? stored : withCodedBranch(stored, weights, branches);
}

/** Where its tokenizer cuts texts, in tokens: at the most the model takes, or the adapter was trained with if it answers whole texts. */
export function longestText(
  network: Network,
  { head, maxSeqLength }: Pick<PlainAdapter, "head" | "maxSeqLength">,
): number {
  return head.kind === "language-model" ? network.maxLength : Math.min(network.maxLength, maxSeqLength);
}

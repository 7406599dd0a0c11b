import type { Network, NetworkStep, OpenNetwork } from "@blora/network";
import { type Head, InvalidInputError, type StepDefinition } from "@blora/spec";
import type { Shape } from "@blora/tensor";
import { buildGraph, type ExportGraph } from "../graph/build-graph.ts";
import { longestPoint, tracePoints } from "../symbolic/points.ts";
import type { Sizes } from "../symbolic/polynomial.ts";
import type { Weight } from "../weights.ts";
import { decoderPorts, decodeWith } from "./decoder.ts";
import { encoderPorts, encodeWith } from "./encoder.ts";
import type { ForwardParts } from "./forward-parts.ts";
import type { Ports } from "./ports.ts";
import { traceSizes } from "./trace-sizes.ts";

/** A forward pass, what goes in and out, and the sizes that may vary. */
export interface TracedModel {
  readonly ports: Ports;
  readonly dimensions: readonly string[];
  readonly compute: NetworkStep["compute"];
}

/**
 * The forward pass of a network as a graph for inputs of any size.
 *
 * @throws InvalidInputError for a head that no pipeline takes
 */
export function traceGraph(
  network: Network,
  head: Head,
  weights: ReadonlyMap<string, Weight>,
  inputsOf: ForwardParts,
): ExportGraph {
  const { ports, dimensions, compute } = modelOf({ ...network, head }, weights);
  const step: StepDefinition["compute"] = (tensors) => ({ outputs: compute(inputsOf(tensors), tensors.input) });
  const longest = network.maxLength;
  const trace = (points: readonly Sizes[]) => traceSizes(step, ports.inputs, weights, points);
  const isWeight = (name: string): boolean => weights.has(name);
  const traces = trace(tracePoints(dimensions, longest));
  const graph = buildGraph(traces, ports, isWeight);
  if (!graph.hasTables) return graph;
  return buildGraph([...traces, ...trace([longestPoint(dimensions, longest)])], ports, isWeight);
}

/**
 * @param weights with their shapes, by name
 * @throws InvalidInputError for a head that no pipeline takes
 */
export function modelOf(
  { architecture, config, head, name }: Pick<OpenNetwork, "architecture" | "config" | "head" | "name">,
  weights: ReadonlyMap<string, { readonly shape: Shape }>,
): TracedModel {
  if (head.kind === "classification" || head.kind === "regression") {
    const ports = encoderPorts(head.kind === "classification" ? head.labels.length : 1);
    return { ports, dimensions: ["batch", "sequence"], compute: encodeWith(architecture) };
  }
  if (head.kind === "token-classification") {
    const ports = encoderPorts(head.labels.length, ["batch", "sequence"]);
    return { ports, dimensions: ["batch", "sequence"], compute: encodeWith(architecture) };
  }
  const model = architecture.languageModel;
  if (head.kind === "language-model" && model !== undefined) {
    const vocabulary = weights.get(model.unembedding(config).weight)!.shape[0]!;
    const ports = decoderPorts(model.cache(config), vocabulary);
    return { ports, dimensions: ["batch", "sequence", "past"], compute: decodeWith(model, config) };
  }
  throw new InvalidInputError(
    `${name}: expected a head of classification, token-classification, regression or language-model to export, found ${head.kind}.`,
  );
}

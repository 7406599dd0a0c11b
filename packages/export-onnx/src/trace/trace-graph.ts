import type { Network } from "@blora/inference";
import { type Head, InvalidInputError, type StepDefinition } from "@blora/spec";
import { buildGraph, type ExportGraph } from "../graph/build-graph.ts";
import { standardize } from "../graph/standardize.ts";
import { longestPoint, tracePoints } from "../symbolic/points.ts";
import type { Sizes } from "../symbolic/polynomial.ts";
import type { SizedGraph } from "../symbolic/unify.ts";
import type { Weight } from "../weights.ts";
import { encoderPorts, encodeWith } from "./encoder.ts";
import { forwardParts } from "./forward-parts.ts";
import type { Ports } from "./ports.ts";
import { traceSizes } from "./trace-sizes.ts";

/** A forward pass, what goes in and out, and the sizes that may vary. */
interface TracedModel {
  readonly ports: Ports;
  readonly dimensions: readonly string[];
  readonly compute: StepDefinition["compute"];
}

/**
 * The forward pass of a network as a graph for inputs of any size.
 *
 * @param branches sites whose update stays beside its weight
 * @throws InvalidInputError for a head that no pipeline takes
 */
export function traceGraph(
  network: Network,
  head: Head,
  weights: ReadonlyMap<string, Weight>,
  branches: Iterable<string>,
): ExportGraph {
  const { ports, dimensions, compute } = modelOf(network, head, weights, branches);
  const longest = network.architecture.maxLength(network.config);
  const trace = (points: readonly Sizes[]): SizedGraph[] =>
    traceSizes(compute, ports.inputs, weights, points).map(({ sizes, graph }) => ({
      sizes,
      graph: standardize(graph),
    }));
  const isWeight = (name: string): boolean => weights.has(name);
  const traces = trace(tracePoints(dimensions, longest));
  const graph = buildGraph(traces, ports, isWeight);
  if (!graph.hasTables) return graph;
  return buildGraph([...traces, ...trace([longestPoint(dimensions, longest)])], ports, isWeight);
}

function modelOf(
  network: Network,
  head: Head,
  weights: ReadonlyMap<string, Weight>,
  branches: Iterable<string>,
): TracedModel {
  const parts = forwardParts(weights, branches);
  if (head.kind === "classification" || head.kind === "regression") {
    const ports = encoderPorts(head.kind === "classification" ? head.labels.length : 1);
    return { ports, dimensions: ["batch", "sequence"], compute: encodeWith(network, head, parts) };
  }
  throw new InvalidInputError(
    `${network.name}: expected a head of classification, regression or language-model to export, found ${head.kind}.`,
  );
}

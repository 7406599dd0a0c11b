import { type GraphNode, graphName, type ModelValue } from "@blora/engine-onnx";
import type { DType } from "@blora/tensor";
import type { DimensionSource } from "../symbolic/sizes.ts";
import { type SizedGraph, unifyGraphs } from "../symbolic/unify.ts";
import type { Ports } from "../trace/ports.ts";
import type { SmallConstant } from "./assembler.ts";

/** A graph for inputs of any size. Weights are named; their values are read when it is written. */
export interface ExportGraph {
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly SmallConstant[];
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** Whether it holds tables, which reach as far as the longest text traced. */
  readonly hasTables: boolean;
}

/** TensorProto.DataType */
const CAST_TO: Readonly<Record<DType, number>> = { float32: 1, int32: 6, bool: 9 };

/** The graph of traces at several sizes, with inputs and outputs as Hugging Face names them. */
export function buildGraph(
  traces: readonly SizedGraph[],
  ports: Ports,
  isWeight: (name: string) => boolean,
): ExportGraph {
  const used = new Set(traces[0]!.graph.inputs.map(({ name }) => name));
  const inputs = ports.inputs.filter(({ traced }) => used.has(graphName("input", traced)));
  const { assembler, hasTables } = unifyGraphs(traces, { sources: sourcesOf(inputs), isWeight });
  const casts = inputs.map(({ traced, name, type, as }): GraphNode => {
    const output = graphName("input", traced);
    return type === as ? plainNode("Identity", name, output) : plainNode("Cast", name, output, { to: CAST_TO[as] });
  });
  const results = ports.outputs.map(({ traced, name }) => plainNode("Identity", graphName("output", traced), name));
  return withoutIdentities({
    nodes: [...casts, ...assembler.nodes, ...results],
    constants: assembler.constants,
    inputs: inputs.map(({ name, shape, type }) => ({ name, shape, type })),
    outputs: ports.outputs.map(({ name, shape, type }) => ({ name, shape, type })),
    hasTables,
  });
}

/** The first input axis that is a dimension alone tells its size. */
function sourcesOf(inputs: Ports["inputs"]): DimensionSource[] {
  const sources = inputs.flatMap(({ name: input, shape }) =>
    shape.flatMap((dimension, axis) => (typeof dimension === "string" ? [{ dimension, input, axis }] : [])),
  );
  return sources.filter(
    ({ dimension }, index) => sources.findIndex((other) => other.dimension === dimension) === index,
  );
}

function plainNode(
  operator: string,
  input: string,
  output: string,
  attributes: GraphNode["attributes"] = {},
): GraphNode {
  return { operator, domain: "", inputs: [input], outputs: [output], attributes, macs: 0 };
}

/** Renames values so that copies fall away, but for those of an input that is an output. */
export function withoutIdentities(graph: ExportGraph): ExportGraph {
  const given = new Set(graph.inputs.map(({ name }) => name));
  const asked = new Set(graph.outputs.map(({ name }) => name));
  const names = new Map<string, string>();
  const resolve = (name: string): string => (names.has(name) ? resolve(names.get(name)!) : name);
  const kept = graph.nodes.filter(({ operator, inputs: [source], outputs: [target] }) => {
    if (operator !== "Identity") return true;
    const from = resolve(source!);
    if (asked.has(target!) && (given.has(from) || asked.has(from))) return true;
    if (asked.has(target!)) names.set(from, target!);
    else names.set(target!, from);
    return false;
  });
  const nodes = kept.map((node) => ({
    ...node,
    inputs: node.inputs.map(resolve),
    outputs: node.outputs.map(resolve),
  }));
  return { ...graph, nodes };
}

import type { Graph, GraphNode, GraphValue } from "./graph.ts";

/** A tensor that stands for several of a graph's, whose values follow one another in it. */
export interface JoinedTensor extends GraphValue {
  readonly parts: readonly GraphValue[];
}

export interface JoinedGraph {
  readonly graph: Graph;
  readonly inputs: readonly JoinedTensor[];
  readonly outputs: readonly JoinedTensor[];
}

/**
 * The graph with one input in place of those that it only ever joins, and one output in place of those that it splits
 * one value into: the gates and ranges of all sites, and their gradients. To hand over a tensor of a few numbers takes
 * longer than what a step does with them.
 */
export function joinTrainables(graph: Graph): JoinedGraph {
  const splits = splitsOfOutputs(graph);
  const split = withOutputs(graph, splits);
  const concats = concatsOfInputs(split);
  return {
    graph: withInputs(split, concats),
    inputs: [...new Set(concats.values())],
    outputs: [...splits.values()],
  };
}

/** Nodes that split a value into outputs and nothing else, each with the output that takes their place. */
function splitsOfOutputs({ nodes, outputs }: Graph): Map<GraphNode, JoinedTensor> {
  const byName = new Map(outputs.map((output) => [output.name, output]));
  const readers = readersOf(nodes);
  const splits = new Map<GraphNode, JoinedTensor>();
  for (const node of nodes) {
    if (node.operator !== "Split" || node.attributes.axis !== 0) continue;
    const parts = node.outputs.flatMap((name) => {
      const [reader, ...others] = readers.get(name) ?? [];
      const output = byName.get(reader?.outputs[0] ?? "");
      return reader?.operator === "Identity" && others.length === 0 && output !== undefined ? [output] : [];
    });
    if (parts.length === node.outputs.length) splits.set(node, joined(`gradient/joined ${splits.size}`, parts));
  }
  return splits;
}

function withOutputs(graph: Graph, splits: ReadonlyMap<GraphNode, JoinedTensor>): Graph {
  const replaced = new Set([...splits.values()].flatMap(({ parts }) => parts.map(({ name }) => name)));
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const output = splits.get(node);
    if (output === undefined) return replaced.has(node.outputs[0]!) ? [] : [node];
    const inputs = [node.inputs[0]!];
    return [{ operator: "Identity", domain: "", inputs, outputs: [output.name], attributes: {}, macs: 0 }];
  });
  const outputs = [...graph.outputs.filter(({ name }) => !replaced.has(name)), ...splits.values()];
  // The sizes of a split go with it.
  const read = readersOf(nodes);
  return { ...graph, nodes, outputs, initializers: graph.initializers.filter(({ name }) => read.has(name)) };
}

/** Nodes that join inputs which nothing else reads, each with the input that takes their place. */
function concatsOfInputs({ nodes, inputs }: Graph): Map<GraphNode, JoinedTensor> {
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const readers = readersOf(nodes);
  const known = new Map<string, JoinedTensor>();
  const concats = new Map<GraphNode, JoinedTensor>();
  for (const node of nodes) {
    if (node.operator !== "Concat" || node.attributes.axis !== 0) continue;
    const key = JSON.stringify(node.inputs);
    // The same may be joined more than once, for values and for a penalty.
    const isTheirs = (reader: GraphNode): boolean =>
      reader.operator === "Concat" && reader.attributes.axis === 0 && JSON.stringify(reader.inputs) === key;
    const parts = node.inputs.flatMap((name) => {
      const input = byName.get(name);
      return input?.type === "float32" && readers.get(name)!.every(isTheirs) ? [input] : [];
    });
    if (parts.length < node.inputs.length || new Set(node.inputs).size < parts.length) continue;
    const input = known.get(key) ?? joined(`trainable/joined ${known.size}`, parts);
    known.set(key, input);
    concats.set(node, input);
  }
  return concats;
}

function withInputs(graph: Graph, concats: ReadonlyMap<GraphNode, JoinedTensor>): Graph {
  const renamed = new Map([...concats].map(([{ outputs }, { name }]) => [outputs[0]!, name] as const));
  const inputs = [...new Set(concats.values())];
  const replaced = new Set(inputs.flatMap(({ parts }) => parts.map(({ name }) => name)));
  const nodes = graph.nodes
    .filter((node) => !concats.has(node))
    .map((node) => ({ ...node, inputs: node.inputs.map((name) => renamed.get(name) ?? name) }));
  return { ...graph, nodes, inputs: [...graph.inputs.filter(({ name }) => !replaced.has(name)), ...inputs] };
}

function readersOf(nodes: readonly GraphNode[]): Map<string, GraphNode[]> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const name of node.inputs) {
      const known = readers.get(name);
      if (known === undefined) readers.set(name, [node]);
      else known.push(node);
    }
  }
  return readers;
}

/** Tensors one below the other. */
function joined(name: string, parts: readonly GraphValue[]): JoinedTensor {
  const rows = parts.reduce((total, { shape }) => total + shape[0]!, 0);
  return { name, shape: parts[0]!.shape.with(0, rows), type: "float32", parts };
}

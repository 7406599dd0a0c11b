import { byteSize, bytesOf, type Graph, type GraphNode, type GraphValue, type Initializer } from "./graph.ts";

/** How much more than its last value what is between two cuts has to keep, to be worth a cut. */
const WORTH = 4;

/**
 * The graph with less kept from its forward pass to its gradient (Chen et al., "Training Deep Nets with Sublinear Memory
 * Cost", 2016). It is cut where all that goes on is one value, between two layers for example. That value is kept; what
 * the gradient needs of the rest is computed again by copies of the nodes, once the gradient has come down to it.
 * What follows the last cut is kept.
 *
 * @param forward nodes of the forward pass
 */
export function recomputed(graph: Graph, forward: ReadonlySet<GraphNode>): Graph {
  const activations = forward.size === 0 ? new Map<string, Activation>() : activationsOf(graph, forward);
  const last = Math.max(0, ...[...activations.values()].map(({ part }) => part));
  if (last === 0) return graph;
  const constants = new Map<string, Initializer>();
  const copies = createCopies(graph, activations, constants);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (forward.has(node)) {
      nodes.push(node);
      continue;
    }
    const inputs = node.inputs.map((name) => {
      const activation = activations.get(name);
      if (activation === undefined || activation.part === last || activation.isKept) return name;
      return copies.of(name, activation.part, nodes);
    });
    nodes.push({ ...node, inputs });
  }
  return { ...graph, nodes, initializers: [...graph.initializers, ...constants.values()] };
}

/** A value of the forward pass that depends on the ids of a batch and on what is trained. */
interface Activation {
  /** Counted from 0, between which cuts it is made. */
  readonly part: number;
  /** Whether it is the value of a cut. */
  readonly isKept: boolean;
}

/** Activations by name, each with the part of the forward pass that makes it. */
function activationsOf(graph: Graph, forward: ReadonlySet<GraphNode>): Map<string, Activation> {
  const ofIds = dependents(graph, ({ name, type }) => type === "int32" && name.startsWith("input/"));
  const ofTrained = dependents(graph, ({ name }) => name.startsWith("trainable/"));
  const nodes = graph.nodes
    .filter((node) => forward.has(node))
    .map(({ inputs, values = [] }) => {
      return { inputs, made: values.filter(({ name }) => ofIds.has(name) && ofTrained.has(name)) };
    });
  const neededLater = new Set(graph.nodes.flatMap((node) => (forward.has(node) ? [] : node.inputs)));
  const lone = loneValues(nodes);
  // Layers give what they take: values of another shape lie within one, or in the head.
  const shapes = new Map(lone.flatMap((value) => (value === undefined ? [] : [[value.name, String(value.shape)]])));
  const shape = mostFrequent([...shapes.values()]);
  const activations = new Map<string, Activation>();
  let part = 0;
  let kept = 0;
  for (const [place, { made }] of nodes.entries()) {
    for (const value of made) {
      if (neededLater.has(value.name)) kept += byteSize(value);
      activations.set(value.name, { part, isKept: false });
    }
    const value = lone[place];
    if (value === undefined || String(value.shape) !== shape || kept < WORTH * byteSize(value)) continue;
    activations.set(value.name, { part, isKept: true });
    part += 1;
    kept = 0;
  }
  return activations;
}

/** After each node the value through which all goes on, where it is one. */
function loneValues(
  nodes: readonly { readonly inputs: readonly string[]; readonly made: readonly GraphValue[] }[],
): (GraphValue | undefined)[] {
  const lastUse = new Map(nodes.flatMap(({ inputs }, place) => inputs.map((name) => [name, place] as const)));
  const live = new Map<string, GraphValue>();
  return nodes.map(({ made }, place) => {
    for (const value of made) if (lastUse.has(value.name)) live.set(value.name, value);
    for (const name of live.keys()) if (lastUse.get(name)! <= place) live.delete(name);
    const [value] = live.values();
    return live.size === 1 ? value : undefined;
  });
}

function mostFrequent(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** Names of all values that depend on an input. */
function dependents({ nodes, inputs }: Graph, isSource: (input: GraphValue) => boolean): Set<string> {
  const found = new Set(inputs.filter(isSource).map(({ name }) => name));
  for (const node of nodes) {
    if (node.inputs.some((name) => found.has(name))) for (const name of node.outputs) found.add(name);
  }
  return found;
}

/** Makes copies of forward nodes, each once. */
interface Copies {
  /** Name of the copy of an activation; nodes that it needs are added. */
  of(name: string, part: number, nodes: GraphNode[]): string;
}

function createCopies(
  graph: Graph,
  activations: ReadonlyMap<string, Activation>,
  constants: Map<string, Initializer>,
): Copies {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const readers = new Map<string, number>();
  for (const name of graph.nodes.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const ofBatch = dependents(graph, ({ name }) => name.startsWith("input/"));
  const stored = new Set(
    graph.initializers.filter(({ data }) => !(data instanceof Uint8Array)).map(({ name }) => name),
  );
  const names = new Map<string, string>();
  /** By part, the node that its copies wait for: the last of the gradient before the first that needs one of them. */
  const waits = new Map<number, string>();

  const copyOf = (name: string, nodes: GraphNode[], make: (copy: string) => GraphNode): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const copy = `${name}/again`;
    names.set(name, copy);
    nodes.push(make(copy));
    return copy;
  };

  /** A value that is not computed again, once the gradient has come down to this part. */
  const waited = (name: string, part: number, nodes: GraphNode[]): string => {
    const value = makers.get(name)?.values?.find((made) => made.name === name);
    if (value === undefined || value.shape.length === 0 || !ofBatch.has(name)) return name;
    const shape = shapeConstant(value.shape, constants);
    return copyOf(`${name} in ${part}`, nodes, (copy) => ({
      ...viewOf(value, copy, shape),
      after: [waits.get(part)!],
    }));
  };

  const inputOf = (name: string, part: number, nodes: GraphNode[]): string => {
    const activation = activations.get(name);
    if (activation !== undefined && !activation.isKept) return copies.of(name, part, nodes);
    const maker = makers.get(name);
    // A cast of one use stays one.
    const isCast = maker?.operator === "Cast" && stored.has(maker.inputs[0]!) && readers.get(name) === 1;
    return isCast ? copyOf(name, nodes, (copy) => renamed(maker, maker.inputs, [copy])) : waited(name, part, nodes);
  };

  const copies: Copies = {
    of(name, part, nodes) {
      if (!waits.has(part)) waits.set(part, nodes.at(-1)!.outputs[0]!);
      const known = names.get(name);
      if (known !== undefined) return known;
      const maker = makers.get(name)!;
      const inputs = maker.inputs.map((input) => inputOf(input, part, nodes));
      const outputs = maker.outputs.map((output) => `${output}/again`);
      for (const [index, output] of maker.outputs.entries()) names.set(output, outputs[index]!);
      nodes.push(renamed(maker, inputs, outputs));
      return names.get(name)!;
    },
  };
  return copies;
}

function renamed(node: GraphNode, inputs: readonly string[], outputs: readonly string[]): GraphNode {
  const values = node.values?.map((value, index) => ({ ...value, name: outputs[index]! }));
  return { ...node, inputs, outputs, ...(values && { values }) };
}

function viewOf(value: GraphValue, name: string, shape: string): GraphNode {
  const inputs = [value.name, shape];
  return {
    operator: "Reshape",
    domain: "",
    inputs,
    outputs: [name],
    attributes: {},
    macs: 0,
    values: [{ ...value, name }],
  };
}

function shapeConstant(shape: readonly number[], constants: Map<string, Initializer>): string {
  const name = `shape ${shape}`;
  const data = bytesOf(BigInt64Array.from(shape, BigInt));
  constants.set(name, { name, shape: [shape.length], type: "int64", data });
  return name;
}

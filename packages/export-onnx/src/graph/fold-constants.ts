import { type ElementType, type Initializer, writeModel } from "@blora/engine-onnx";
import { InferenceSession, type Tensor } from "onnxruntime-node";
import type { ExportGraph } from "./build-graph.ts";
import type { StoredGraph } from "./float-weights.ts";
import type { StoredTensor } from "./stored-tensor.ts";

const OPERATOR_SET = 21;

type Node = ExportGraph["nodes"][number];

/**
 * Computes what follows from weights alone, such as the codes of rounded ones, with ONNX Runtime itself, and stores the
 * results in place of the weights. What depends on each other is computed together, and its weights are read for it alone.
 */
export async function foldConstants({ graph, tensors }: StoredGraph): Promise<StoredGraph> {
  const stored = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  const made = new Set<string>();
  const known = (name: string): boolean => name === "" || stored.has(name) || constants.has(name) || made.has(name);
  const folded = graph.nodes.filter(({ inputs, outputs }) => {
    // What has no weight among its inputs is as small in the graph as out of it.
    const follows =
      inputs.length > 0 && inputs.every(known) && inputs.some((name) => stored.has(name) || made.has(name));
    if (follows) for (const name of outputs) made.add(name);
    return follows;
  });
  const isFolded = new Set(folded);
  const nodes = graph.nodes.filter((node) => !isFolded.has(node));
  const needed = new Set([...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)]);
  const results: StoredTensor[] = [];
  for (const group of connected(folded)) {
    const outputs = group.flatMap((node) => node.outputs.filter((name) => needed.has(name)));
    if (outputs.length > 0) results.push(...(await computed(group, outputs, stored, constants)));
  }
  return {
    graph: { ...graph, nodes },
    tensors: [...tensors.filter(({ name }) => needed.has(name)), ...results],
  };
}

/** Nodes in groups that share no value, each in its order. */
function connected(nodes: readonly Node[]): Iterable<Node[]> {
  const groupOf = new Map<string, Node[]>();
  const groups = new Set<Node[]>();
  for (const node of nodes) {
    const joined = new Set(node.inputs.map((name) => groupOf.get(name)).filter((group) => group !== undefined));
    const group = [...joined].flat();
    for (const part of joined) groups.delete(part);
    group.push(node);
    groups.add(group);
    for (const name of group.flatMap(({ outputs }) => outputs)) groupOf.set(name, group);
  }
  return groups;
}

async function computed(
  nodes: readonly Node[],
  names: readonly string[],
  stored: ReadonlyMap<string, StoredTensor>,
  constants: ReadonlyMap<string, Initializer>,
): Promise<StoredTensor[]> {
  const initializers = [...new Set(nodes.flatMap(({ inputs }) => inputs))].flatMap((name): Initializer[] => {
    const tensor = stored.get(name);
    const constant = constants.get(name);
    if (tensor !== undefined) return [{ name, shape: tensor.shape, type: tensor.type, data: tensor.read() }];
    return constant === undefined ? [] : [constant];
  });
  const types = new Map(initializers.map(({ name, type }) => [name, type]));
  for (const node of nodes) for (const name of node.outputs) types.set(name, typeOfResult(node, types));
  // ONNX Runtime finds out their shapes by itself.
  const outputs = names.map((name) => ({ name, shape: [], type: types.get(name)! }));
  const model = { nodes, initializers, inputs: [], outputs, operatorSet: OPERATOR_SET };
  const session = await InferenceSession.create(writeModel(model, String), {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
  });
  const results = await session.run({});
  await session.release();
  return names.map((name) => storedResult(name, results[name]!));
}

/** TensorProto.DataType */
const CASTS: Readonly<Record<number, ElementType>> = { 1: "float32", 6: "int32", 7: "int64", 9: "bool" };

/** Rounding and casts change a type; whatever else is folded keeps that of its first input. */
function typeOfResult({ operator, inputs, attributes }: Node, types: ReadonlyMap<string, ElementType>): ElementType {
  if (operator === "QuantizeLinear") return types.get(inputs[2]!)!;
  if (operator === "DequantizeLinear") return "float32";
  if (operator === "Cast") return CASTS[attributes.to as number]!;
  return types.get(inputs[0]!)!;
}

function storedResult(name: string, { dims, type, data }: Tensor): StoredTensor {
  const view = data as Exclude<typeof data, string[]>;
  return {
    name,
    shape: dims,
    type: type as StoredTensor["type"],
    bytes: view.byteLength,
    read: () => new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
  };
}

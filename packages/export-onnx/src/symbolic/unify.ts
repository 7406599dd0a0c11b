import type { Graph, GraphNode, Initializer } from "@blora/engine-onnx";
import { InvalidInputError } from "@blora/spec";
import { type Assembler, createAssembler } from "../graph/assembler.ts";
import { constantOf, createFitter, type Fitter, type Polynomial, type Sizes } from "./polynomial.ts";
import { createSizeEmitter, type DimensionSource, type SizeEmitter } from "./sizes.ts";
import { type ConstantValues, fitFill, fitWindow } from "./tables.ts";

/** One forward pass as a graph of fixed shapes, and the sizes it was made at. */
export interface SizedGraph {
  readonly sizes: Sizes;
  readonly graph: Graph;
}

export interface UnifyOptions {
  /** Where the sizes come from while the graph runs. */
  readonly sources: readonly DimensionSource[];
  /** Names of frozen tensors: weights, which have the same shape at every size. */
  readonly isWeight: (name: string) => boolean;
}

const BYTES = { int64: 8, int32: 4, float32: 4, bool: 1 } as const;
type ConstantType = keyof typeof BYTES;

/** A graph for all sizes: its nodes and small constants, with the names of the first trace. */
export interface UnifiedGraph {
  readonly assembler: Assembler;
  /** Whether it holds tables, which reach as far as the longest text traced. */
  readonly hasTables: boolean;
}

/**
 * One graph for all sizes from graphs of some: they have the same nodes and
 * differ in constants alone. Integers that differ are polynomials of the sizes
 * and are computed while the graph runs; tables that differ are parts of the
 * largest one.
 *
 * @throws InvalidInputError where a graph depends on its size in another way
 */
export function unifyGraphs(traces: readonly SizedGraph[], { sources, isWeight }: UnifyOptions): UnifiedGraph {
  const assembler = createAssembler("size");
  const sizes = createSizeEmitter(assembler, sources);
  const fitter = createFitter(traces.map((trace) => trace.sizes));
  let hasTables = false;
  const tools: Tools = {
    assembler,
    sizes,
    fitter,
    onTable() {
      hasTables = true;
    },
  };
  const graphs = traces.map(({ graph }) => indexed(graph));
  const [reference] = graphs;
  requireSameNodes(graphs.map(({ graph }) => graph));
  reference!.graph.nodes.forEach((node, index) => {
    const versions = graphs.map(({ graph }) => graph.nodes[index]!);
    const inputs = node.inputs.map((name, position) => {
      if (name === "" || isWeight(name)) return name;
      const constants = versions.map((version, trace) => graphs[trace]!.initializers.get(version.inputs[position]!));
      const found = constants.filter((constant) => constant !== undefined);
      if (found.length === 0) {
        requireSameSource(graphs, versions, position, index);
        return name;
      }
      const merged = mergeConstants(found, tools, node, position);
      if (found.length === versions.length && merged !== undefined) return merged;
      throw dependsOnSize(index, node);
    });
    assembler.append({ ...node, inputs, attributes: attributesOf(node) });
  });
  return { assembler, hasTables };
}

/** A size computed for a reshape may be 0, that of an empty cache, which would else mean: as it was. */
function attributesOf({ operator, attributes }: GraphNode): GraphNode["attributes"] {
  return operator === "Reshape" ? { ...attributes, allowzero: 1 } : attributes;
}

interface IndexedGraph {
  readonly graph: Graph;
  readonly initializers: ReadonlyMap<string, Initializer>;
  /** What makes a value: its node and output, or the input it is. */
  readonly makers: ReadonlyMap<string, string>;
}

function indexed(graph: Graph): IndexedGraph {
  const makers = new Map(graph.inputs.map(({ name }) => [name, name]));
  graph.nodes.forEach((node, index) => {
    node.outputs.forEach((name, output) => void makers.set(name, `${index}:${output}`));
  });
  return { graph, makers, initializers: new Map(graph.initializers.map((tensor) => [tensor.name, tensor])) };
}

function requireSameNodes(graphs: readonly Graph[]): void {
  const describe = ({ operator, domain, attributes }: GraphNode): string =>
    JSON.stringify([domain, operator, attributes]);
  const length = Math.max(...graphs.map(({ nodes }) => nodes.length));
  for (let index = 0; index < length; index++) {
    const nodes = graphs.map((graph) => graph.nodes[index]);
    const [first] = nodes;
    if (first === undefined || nodes.some((node) => node === undefined || describe(node) !== describe(first)))
      throw dependsOnSize(index, first);
  }
}

function requireSameSource(
  graphs: readonly IndexedGraph[],
  versions: readonly GraphNode[],
  position: number,
  index: number,
): void {
  const makers = versions.map(({ inputs }, trace) => graphs[trace]!.makers.get(inputs[position]!));
  if (makers.some((maker) => maker === undefined || maker !== makers[0])) throw dependsOnSize(index, versions[0]);
}

function dependsOnSize(index: number, node: GraphNode | undefined): InvalidInputError {
  return new InvalidInputError(
    `Expected a forward pass whose graph is the same for every size, found one that changes at node ${index} (${node?.operator ?? "its end"}).`,
  );
}

interface Tools {
  readonly assembler: Assembler;
  readonly sizes: SizeEmitter;
  readonly fitter: Fitter;
  onTable(): void;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** The name of a value that equals the constant at every size. */
function mergeConstants(
  constants: readonly Initializer[],
  { assembler, sizes, fitter, onTable }: Tools,
  node: GraphNode,
  position: number,
): string | undefined {
  const type = constants[0]!.type as ConstantType;
  const versions = constants.map(({ shape, data }): ConstantValues => ({ shape, bytes: data as Uint8Array }));
  const [first] = versions;
  const sameShape = versions.every(({ shape }) => String(shape) === String(first!.shape));
  if (sameShape && versions.every(({ bytes }) => isSame(bytes, first!.bytes)))
    return assembler.constant(first!.bytes, first!.shape, type);
  if (sameShape && (type === "int64" || type === "int32")) {
    const entries = fitEntries(versions, type, fitter);
    if (entries !== undefined && type === "int64")
      return sizes.vector(node.operator === "Reshape" && position === 1 ? withInferredEntry(entries) : entries);
    if (entries?.length === 1 && first!.shape.length === 0) return sizes.scalar(entries[0]!);
  }
  const fill = fitFill(versions, BYTES[type], fitter);
  if (fill !== undefined) {
    return assembler.node("Expand", [assembler.constant(fill.value, [], type), sizes.vector(fill.shape)]);
  }
  const window = fitWindow(versions, BYTES[type], fitter);
  if (window === undefined) return undefined;
  onTable();
  const whole = assembler.constant(window.whole.bytes, window.whole.shape, type);
  const moving = [...window.axes.entries()].filter(
    ([axis, { start, end }]) => constantOf(start) !== 0 || constantOf(end) !== window.whole.shape[axis],
  );
  return assembler.node("Slice", [
    whole,
    sizes.vector(moving.map(([, { start }]) => start)),
    sizes.vector(moving.map(([, { end }]) => end)),
    assembler.integers(moving.map(([axis]) => axis)),
  ]);
}

function fitEntries(
  versions: readonly ConstantValues[],
  type: "int64" | "int32",
  fitter: Fitter,
): Polynomial[] | undefined {
  const lists = versions.map(({ bytes }) => integersOf(bytes, type));
  const entries = lists[0]!.map((_, index) => fitter.fit(lists.map((list) => list[index]!)));
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

function integersOf(bytes: Uint8Array, type: "int64" | "int32"): number[] {
  const { buffer } = Uint8Array.from(bytes);
  return type === "int64" ? Array.from(new BigInt64Array(buffer), Number) : Array.from(new Int32Array(buffer));
}

/** -1 lets a reshape find one dimension by itself, which keeps its shape a constant. */
function withInferredEntry(entries: readonly Polynomial[]): Polynomial[] {
  const moving = entries.filter((entry) => constantOf(entry) === undefined);
  if (moving.length !== 1) return [...entries];
  return entries.map((entry) => (entry === moving[0] ? [{ coefficient: -1, monomial: [] }] : entry));
}

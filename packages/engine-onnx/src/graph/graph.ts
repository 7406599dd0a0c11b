import type { FileSlice, FrozenTensor } from "@blora/spec";
import { type Shape, sizeOf } from "@blora/tensor";

/** Element types of the graphs built here; those below a byte are only stored. */
export type ElementType =
  | "float32"
  | "int32"
  | "bool"
  | "uint32"
  | "int64"
  | "float16"
  | "bfloat16"
  | "uint8"
  | "int8"
  | "int16"
  | "uint16"
  | "int4";

/** A named value of the graph. Names are unique. */
export interface GraphValue {
  readonly name: string;
  readonly shape: Shape;
  readonly type: ElementType;
}

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface GraphNode {
  readonly operator: string;
  /** Operator set: "" is ONNX itself. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Multiply-accumulates of one run: matrix products only. */
  readonly macs: number;
  /** Values to be computed before, where they are computed at all. Of `Reshape` alone, and until a graph is finished. */
  readonly after?: readonly string[];
  /** Shape and type of each output; absent where only another tool will run the graph. */
  readonly values?: readonly GraphValue[];
}

export interface Initializer extends GraphValue {
  readonly data: Uint8Array | FileSlice;
}

/** A frozen matrix [O, I] in 8 bits, made where it is first run. */
export interface WholeNumbers {
  readonly name: string;
  readonly matrix: FrozenTensor;
  /** Which product takes it: x·Wᵀ as [I, O] with a scale for each row of W, dy·W as [O, I] with one for each column. */
  readonly product: "forward" | "backward";
  /** int8 [K, N] */
  readonly codes: GraphValue;
  /** float32 [N] */
  readonly scales: GraphValue;
}

/** A computation ready to be written: nodes in execution order. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
  /** What initializers are to be made of, where there are any. */
  readonly wholeNumbers?: readonly WholeNumbers[];
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Values in between whose shapes ONNX Runtime could not find out. */
  readonly values?: readonly GraphValue[];
}

/** The bytes behind a typed array, uncopied. */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

const FLOAT_BYTES = 4;
/** Of element types that are not as wide as a float. */
const ELEMENT_BYTES: Partial<Record<ElementType, number>> = {
  bool: 1,
  uint8: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  bfloat16: 2,
  int64: 8,
};

/** Bytes of a value in memory. */
export function byteSize({ shape, type }: Omit<GraphValue, "name">): number {
  return sizeOf(shape) * (ELEMENT_BYTES[type] ?? FLOAT_BYTES);
}

/** Multiply-accumulates of one run of a graph. */
export function countMacs(graph: Graph): number {
  return graph.nodes.reduce((total, { macs }) => total + macs, 0);
}

/** Nodes, initializers and inputs that outputs need. */
export function withoutDeadCode(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    const alive = node.outputs.some((name) => needed.has(name));
    if (alive) for (const name of node.inputs) needed.add(name);
    return alive;
  });
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  return {
    nodes: nodes.toReversed(),
    initializers: graph.initializers.filter(({ name }) => needed.has(name)),
    wholeNumbers: graph.wholeNumbers?.filter(({ codes }) => needed.has(codes.name)) ?? [],
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
    outputs: graph.outputs,
    ...(graph.values && { values: graph.values.filter(({ name }) => made.has(name)) }),
  };
}

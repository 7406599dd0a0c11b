import { BYTES_PER_VALUE } from "@blora/files";
import { type FrozenTensor, InvalidInputError } from "@blora/spec";
import { type Shape, sizeOf } from "@blora/tensor";
import {
  type Attribute,
  bytesOf,
  type ElementType,
  type Graph,
  type GraphNode,
  type GraphValue,
  type Initializer,
  type WholeNumbers,
  withoutDeadCode,
} from "./graph.ts";
import { recomputed } from "./recompute.ts";
import { withWaits } from "./waits.ts";

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  readonly macs?: number;
  readonly after?: readonly string[];
}

/** Collects a graph while a step is traced. */
export interface GraphBuilder {
  input(name: string, shape: Shape, type: ElementType): GraphValue;
  /** A constant; equal small constants are stored once. */
  constant(values: Uint8Array, shape: Shape, type: ElementType): GraphValue;
  frozen(name: string, tensor: FrozenTensor): GraphValue;
  /** A frozen tensor as it is stored, before its cast to float32; undefined for other values. */
  stored(value: GraphValue): GraphValue | undefined;
  /** `count` rows of a frozen tensor as one of its own: read from their place, not copied; undefined for other values. */
  frozenRows(value: GraphValue, start: number, count: number): GraphValue | undefined;
  /** A frozen matrix in 8 bits; undefined for other values. */
  wholeNumbers(value: GraphValue, product: WholeNumbers["product"]): WholeNumbers | undefined;
  node(operator: string, inputs: readonly string[], shape: Shape, type: ElementType, options?: NodeOptions): GraphValue;
  /** A node with several outputs. */
  nodes(
    operator: string,
    inputs: readonly string[],
    outputs: readonly Omit<GraphValue, "name">[],
    options?: NodeOptions,
  ): GraphValue[];
  /** Nodes so far. */
  readonly size: number;
  /**
   * The finished graph, without nodes and initializers no output needs.
   *
   * @param forward how many nodes, from the first, are computed again for those after them rather than kept
   */
  finish(outputs: Readonly<Record<string, GraphValue>>, forward?: number): Graph;
}

const STORAGE_TYPES = { f32: "float32", f16: "float16", bf16: "bfloat16" } as const;
const SHARED_CONSTANT_BYTES = 256;

export function createGraphBuilder(): GraphBuilder {
  const nodes: GraphNode[] = [];
  const initializers: Initializer[] = [];
  const inputs: GraphValue[] = [];
  const sharedConstants = new Map<string, GraphValue>();
  /** By the name of the float32 value a step computes with. */
  const frozenTensors = new Map<string, { readonly stored: GraphValue; readonly tensor: FrozenTensor }>();
  const frozenParts = new Map<string, GraphValue>();
  const wholeNumbers = new Map<string, WholeNumbers>();
  let count = 0;
  const nextName = (prefix: string) => `${prefix}${count++}`;

  const builder: GraphBuilder = {
    input(name, shape, type) {
      const value = { name, shape, type };
      inputs.push(value);
      return value;
    },
    constant(data, shape, type) {
      const key = data.byteLength <= SHARED_CONSTANT_BYTES ? `${type} ${shape} ${data}` : undefined;
      const shared = key === undefined ? undefined : sharedConstants.get(key);
      if (shared !== undefined) return shared;
      const value = { name: nextName("c"), shape, type, data };
      initializers.push(value);
      if (key !== undefined) sharedConstants.set(key, value);
      return value;
    },
    frozen(name, tensor) {
      const { source, shape, storage } = tensor;
      requireBytes(name, tensor);
      const data = source instanceof Float32Array ? bytesOf(source) : source;
      const stored = { name, shape, type: STORAGE_TYPES[storage], data };
      initializers.push(stored);
      const value =
        storage === "f32" ? stored : builder.node("Cast", [name], shape, "float32", { attributes: { to: 1 } });
      frozenTensors.set(value.name, { stored, tensor });
      return value;
    },
    stored: ({ name }) => frozenTensors.get(name)?.stored,
    frozenRows({ name }, start, count) {
      const whole = frozenTensors.get(name);
      if (whole === undefined) return undefined;
      const part = `${whole.stored.name}[${start}+${count}]`;
      const value = frozenParts.get(part) ?? builder.frozen(part, frozenRows(whole.tensor, start, count));
      frozenParts.set(part, value);
      return value;
    },
    wholeNumbers({ name }, product) {
      const matrix = frozenTensors.get(name)?.tensor;
      if (matrix === undefined || matrix.shape.length !== 2) return undefined;
      const key = `${name}/${product}`;
      const [K, N] = product === "forward" ? matrix.shape.toReversed() : matrix.shape;
      const made = wholeNumbers.get(key) ?? {
        name: key,
        matrix,
        product,
        codes: { name: `${key}/codes`, shape: [K!, N!], type: "int8" },
        scales: { name: `${key}/scales`, shape: [N!], type: "float32" },
      };
      wholeNumbers.set(key, made);
      return made;
    },
    node(operator, inputs, shape, type, options) {
      return builder.nodes(operator, inputs, [{ shape, type }], options)[0]!;
    },
    nodes(operator, inputs, outputs, { attributes = {}, domain = "", macs = 0, after } = {}) {
      const values = outputs.map((output) => ({ ...output, name: nextName("t") }));
      const names = values.map(({ name }) => name);
      nodes.push({ operator, domain, inputs, outputs: names, attributes, macs, values, ...(after && { after }) });
      return values;
    },
    get size() {
      return nodes.length;
    },
    finish(outputs, forward = 0) {
      const first = new Set(nodes.slice(0, forward));
      for (const [name, { name: source }] of firstMadeFirst(outputs, nodes)) {
        nodes.push({ operator: "Identity", domain: "", inputs: [source], outputs: [name], attributes: {}, macs: 0 });
      }
      const named = Object.entries(outputs).map(([name, value]) => ({ ...value, name }));
      const graph = { nodes, initializers, wholeNumbers: [...wholeNumbers.values()], inputs, outputs: named };
      return withWaits(recomputed(withoutDeadCode(graph), first));
    },
  };
  return builder;
}

/** In the order they are made: so every gradient of a parameter is formed while what it is made from is at hand. */
function firstMadeFirst(outputs: Readonly<Record<string, GraphValue>>, nodes: readonly GraphNode[]) {
  const madeAt = new Map(nodes.flatMap(({ outputs }, index) => outputs.map((name) => [name, index] as const)));
  const place = ({ name }: GraphValue): number => madeAt.get(name) ?? -1;
  return Object.entries(outputs).toSorted(([, a], [, b]) => place(a) - place(b));
}

/** @throws InvalidInputError where memory does not hold what the tensor says of it */
function requireBytes(name: string, { shape, storage, source }: FrozenTensor): void {
  if (!ArrayBuffer.isView(source)) return;
  const expected = sizeOf(shape) * BYTES_PER_VALUE[storage];
  const isOther = source instanceof Float32Array ? storage !== "f32" : source.length !== expected;
  if (!isOther) return;
  const found = source instanceof Float32Array ? "float32 values" : `${source.length}`;
  throw new InvalidInputError(
    `frozen tensor ${name} of shape [${shape}] and type ${storage} needs ${expected} bytes, found ${found}`,
  );
}

/** Rows of a tensor without copying it. */
function frozenRows(tensor: FrozenTensor, start: number, count: number): FrozenTensor {
  const { shape, source } = tensor;
  const rows = shape.with(0, count);
  const part = (length: number): [number, number] => [
    (start * length) / shape[0]!,
    ((start + count) * length) / shape[0]!,
  ];
  if (source instanceof Float32Array)
    return { shape: rows, storage: "f32", source: source.subarray(...part(source.length)) };
  const { storage } = tensor;
  const [begin, end] = part(source.length);
  if (source instanceof Uint8Array) return { shape: rows, storage, source: source.subarray(begin, end) };
  return { shape: rows, storage, source: { ...source, offset: source.offset + begin, length: end - begin } };
}

import type { Attribute, ElementType, GraphNode } from "@blora/engine-onnx";
import type { Shape } from "@blora/tensor";

/** A constant small enough to be kept in memory. */
export interface SmallConstant {
  readonly name: string;
  readonly shape: Shape;
  readonly type: ElementType;
  readonly data: Uint8Array;
}

/** Collects the nodes and constants of a graph without fixed shapes. */
export interface Assembler {
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly SmallConstant[];
  /** Name of a constant; equal ones are stored once. */
  constant(data: ArrayBufferView, shape: Shape, type: ElementType): string;
  /** Name of an int64 list, or of a scalar where `shape` is []. */
  integers(values: readonly number[], shape?: Shape): string;
  /** Appends a node with one output and returns its name. */
  node(operator: string, inputs: readonly string[], options?: NodeExtras): string;
  /** Appends a node as it is. */
  append(node: GraphNode): void;
}

export interface NodeExtras {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  /** Name of the output; a fresh one by default. */
  readonly output?: string;
}

/** @param prefix keeps the names of two assemblers of one graph apart */
export function createAssembler(prefix: string): Assembler {
  const nodes: GraphNode[] = [];
  const constants: SmallConstant[] = [];
  const known = new Map<string, string>();
  let count = 0;

  const assembler: Assembler = {
    nodes,
    constants,
    constant(values, shape, type) {
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const key = `${type} ${shape} ${data.join()}`;
      const name = known.get(key) ?? `${prefix}_constant_${constants.length}`;
      if (!known.has(key)) constants.push({ name, shape, type, data });
      known.set(key, name);
      return name;
    },
    integers: (values, shape = [values.length]) =>
      assembler.constant(BigInt64Array.from(values, BigInt), shape, "int64"),
    node(operator, inputs, { attributes = {}, domain = "", output = `${prefix}_${operator}_${count++}` } = {}) {
      nodes.push({ operator, domain, inputs, outputs: [output], attributes, macs: 0 });
      return output;
    },
    append: (node) => void nodes.push(node),
  };
  return assembler;
}

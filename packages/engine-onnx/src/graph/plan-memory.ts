import { executionOrder, inFileOrder } from "./execution-order.ts";
import { byteSize, type Graph, type GraphNode } from "./graph.ts";

/** Operators whose result is their first input under another shape. */
const VIEWS: ReadonlySet<string> = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze"]);

/** Memory that holds one value, and after it others of the same shape and type. */
interface Block {
  readonly bytes: number;
  readonly kind: string;
  /** Place in the order of execution of the first value's node. */
  readonly from: number;
  /** Of the last node that reads a value of it. */
  until: number;
}

/** What a heap is more than the blocks in it: what is freed leaves holes that the next do not fit. Measured. */
const HEAP_SHARE = 1.1;
/** What a process holds beside, such as the stacks of threads. Measured. */
const PROCESS_BYTES = 32 * 2 ** 20;

/** An aligned block does not fit the hole that one of its size has left, nor one that other threads put something small into. */
const LARGEST_LOST = 2;

/** Bytes of memory that one run takes at most. */
export function peakBytes(graph: Graph): number {
  const { live, largest } = planMemory(graph);
  return Math.ceil(HEAP_SHARE * live) + LARGEST_LOST * largest + PROCESS_BYTES;
}

/** Bytes. */
export interface MemoryPlan {
  /** The most that one run holds at a time. */
  readonly live: number;
  /** The largest block of it that a node makes. */
  readonly largest: number;
}

/**
 * What one run holds: inputs and outputs, which lie in memory throughout, constants, and the values in between from when
 * they are made to their last use. A block that falls free is kept for the next value of its shape, as ONNX Runtime's plan
 * does. Frozen tensors in files are not counted.
 */
export function planMemory(graph: Graph): MemoryPlan {
  const { initializers, inputs, outputs } = graph;
  const constants = initializers.map(({ data }) => (data instanceof Uint8Array ? data.byteLength : 0));
  const always = [...constants, ...[...inputs, ...outputs].map(byteSize)].reduce((total, bytes) => total + bytes, 0);
  const order = executionOrder(inFileOrder(graph));
  const blocks = placeValues(order, new Set(outputs.map(({ name }) => name)));
  const changes = new Float64Array(order.length + 1);
  for (const { bytes, from, until } of blocks) {
    changes[from] = changes[from]! + bytes;
    changes[until + 1] = changes[until + 1]! - bytes;
  }
  let live = always;
  const most = changes.reduce((peak, change) => {
    live += change;
    return Math.max(peak, live);
  }, live);
  return { live: most, largest: blocks.reduce((largest, { bytes }) => Math.max(largest, bytes), 0) };
}

/** The blocks of all values that nodes make, but for those of outputs. */
function placeValues(order: readonly GraphNode[], outputs: ReadonlySet<string>): Block[] {
  const owners = viewed(order);
  const ownerOf = (name: string): string => owners.get(name) ?? name;
  const lastUse = new Map<string, number>();
  for (const [place, { inputs, outputs: made }] of order.entries()) {
    for (const name of [...inputs, ...made]) lastUse.set(ownerOf(name), place);
  }
  const blocks: Block[] = [];
  const blockOf = new Map<string, Block>();
  const free = new Map<string, Block[]>();
  for (const [place, { inputs, outputs: made, values = [] }] of order.entries()) {
    for (const [index, name] of made.entries()) {
      const value = values[index];
      if (value === undefined || owners.has(name) || outputs.has(name)) continue;
      const kind = `${value.type} ${value.shape}`;
      // Scalars are made anew each time.
      const known = value.shape.length === 0 ? undefined : free.get(kind)?.pop();
      const block = known ?? { bytes: byteSize(value), kind, from: place, until: place };
      if (known === undefined) blocks.push(block);
      blockOf.set(name, block);
    }
    for (const name of new Set([...inputs, ...made].map(ownerOf))) {
      const block = blockOf.get(name);
      if (block === undefined || lastUse.get(name) !== place) continue;
      block.until = place;
      free.set(block.kind, [...(free.get(block.kind) ?? []), block]);
    }
  }
  return blocks;
}

/** Of each view what it is a view of. */
function viewed(order: readonly GraphNode[]): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { operator, inputs, outputs } of order) {
    if (VIEWS.has(operator)) owners.set(outputs[0]!, owners.get(inputs[0]!) ?? inputs[0]!);
  }
  return owners;
}

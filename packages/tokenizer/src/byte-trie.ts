/** A set of byte strings, walked one byte at a time. */
export interface ByteTrie {
  /** The node below `node` along `byte`, or -1. The root is node 0. */
  next(node: number, byte: number): number;
  /** Value of the string that ends at `node`, or -1. */
  value(node: number): number;
}

const EMPTY = -1;
// A table at most half full keeps probe sequences short.
const SLOTS_PER_EDGE = 2;
const MAX_NODES = 2 ** 23;

/**
 * Builds a trie from strings, each with a value of at least 0.
 *
 * The edges lie in one open-addressing hash table of (node, byte): a
 * vocabulary of 128,000 pieces has 800,000 of them, too many for one JavaScript
 * Map a node.
 */
export function createByteTrie(entries: readonly { readonly bytes: Uint8Array; readonly value: number }[]): ByteTrie {
  const edges = entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (edges >= MAX_NODES) throw new RangeError(`A vocabulary of ${edges} bytes is too large`);
  const bits = Math.max(4, Math.ceil(Math.log2(SLOTS_PER_EDGE * (edges + 1))));
  const keys = new Int32Array(2 ** bits).fill(EMPTY);
  const children = new Int32Array(2 ** bits);
  const values = new Int32Array(edges + 1).fill(EMPTY);
  const mask = 2 ** bits - 1;

  /** Slot of the edge, or the free slot where it belongs. */
  const find = (key: number): number => {
    let slot = Math.imul(key, 0x9e3779b1) >>> (32 - bits);
    while (keys[slot] !== key && keys[slot] !== EMPTY) slot = (slot + 1) & mask;
    return slot;
  };

  let nodes = 1;
  for (const { bytes, value } of entries) {
    let node = 0;
    for (const byte of bytes) {
      const key = node * 256 + byte;
      const slot = find(key);
      if (keys[slot] === EMPTY) {
        keys[slot] = key;
        children[slot] = nodes++;
      }
      node = children[slot]!;
    }
    values[node] = value;
  }
  return {
    next(node, byte) {
      const key = node * 256 + byte;
      const slot = find(key);
      return keys[slot] === key ? children[slot]! : -1;
    },
    value: (node) => values[node]!,
  };
}

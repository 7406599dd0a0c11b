import type { Feed, KeyValueCache } from "@blora/spec";
import type { Tensor, TensorRecord, TensorSpec } from "@blora/tensor";

/** Shape of a cache: layers, G key-value heads of size D. */
export interface CacheShape {
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
}

/** Room is made for this many tokens at a time: each size of the cache is compiled once. */
export const BLOCK = 128;

/** Names of a layer's tensors among a step's inputs and outputs. */
export function cacheNames({ layers }: CacheShape): { readonly keys: string; readonly values: string }[] {
  return Array.from({ length: layers }, (_, layer) => ({ keys: `keys ${layer}`, values: `values ${layer}` }));
}

/** Inputs that hold the keys and values of `capacity` earlier tokens. */
export function cacheSpecs(shape: CacheShape, capacity: number): Record<string, TensorSpec> {
  if (capacity === 0) return {};
  const layer: TensorSpec = { shape: [1, shape.heads, capacity, shape.headSize], dtype: "float32" };
  return {
    pastMask: { shape: [1, capacity], dtype: "float32" },
    ...Object.fromEntries(
      cacheNames(shape).flatMap(({ keys, values }) => [[keys, layer] as const, [values, layer] as const]),
    ),
  };
}

/** The cache of a step with `cacheSpecs` among its inputs. */
export function cacheOf(shape: CacheShape, input: TensorRecord): KeyValueCache {
  return {
    mask: input.pastMask!,
    layers: cacheNames(shape).map(({ keys, values }) => ({ keys: input[keys]!, values: input[values]! })),
  };
}

/** Takes the keys and values of every layer of a forward pass into `outputs`, by `cacheNames`. */
export function keepKeyValues(
  shape: CacheShape,
  outputs: Record<string, Tensor>,
): (layer: number, keys: Tensor, values: Tensor) => void {
  const names = cacheNames(shape);
  return (layer, keys, values) => {
    outputs[names[layer]!.keys] = keys;
    outputs[names[layer]!.values] = values;
  };
}

/** Keys and values of the text so far, on the host. */
export interface KeyValueStore {
  /** Tokens it holds. */
  readonly length: number;
  /** Tokens it has room for: a multiple of `BLOCK`. */
  readonly capacity: number;
  /**
   * Adds the first `count` of `rows` tokens.
   *
   * @param outputs by `cacheNames`, each [1, G, rows, D]
   */
  append(outputs: Readonly<Record<string, Float32Array>>, rows: number, count: number): void;
  /** Values of `cacheSpecs`. */
  feeds(): Record<string, Feed>;
}

export function createKeyValueStore(shape: CacheShape): KeyValueStore {
  const { heads: G, headSize: D } = shape;
  const names = cacheNames(shape).flatMap(({ keys, values }) => [keys, values]);
  let stored: Record<string, Float32Array> = Object.fromEntries(names.map((name) => [name, new Float32Array()]));
  let capacity = 0;
  let length = 0;

  /** Copies the first `count` tokens of every head, from `rows` to `capacity` tokens a head. */
  const copyInto = (target: Float32Array, start: number, source: Float32Array, rows: number, count: number): void => {
    for (let head = 0; head < G; head++) {
      const from = head * rows * D;
      target.set(source.subarray(from, from + count * D), (head * capacity + start) * D);
    }
  };

  const reserve = (tokens: number): void => {
    const before = capacity;
    capacity = Math.ceil(tokens / BLOCK) * BLOCK;
    if (capacity === before) return;
    const grown = names.map((name) => {
      const values = new Float32Array(G * capacity * D);
      copyInto(values, 0, stored[name]!, before, length);
      return [name, values] as const;
    });
    stored = Object.fromEntries(grown);
  };

  return {
    get length() {
      return length;
    },
    get capacity() {
      return capacity;
    },
    append(outputs, rows, count) {
      reserve(length + count);
      for (const name of names) copyInto(stored[name]!, length, outputs[name]!, rows, count);
      length += count;
    },
    feeds() {
      if (capacity === 0) return {};
      return { pastMask: new Float32Array(capacity).fill(1, 0, length), ...stored };
    },
  };
}

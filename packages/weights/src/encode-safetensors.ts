import { narrowBfloat16, narrowFloat16 } from "@blora/files";
import { FORBIDDEN_KEYS, InvalidInputError } from "@blora/spec";
import { bytesPerValue, type DataType } from "./data-types.ts";
import { METADATA } from "./safetensors-header.ts";

/** A tensor to write, row-major. Float values are rounded to the type they are stored as. */
export type WritableTensor = { readonly shape: readonly number[] } & (
  | { readonly type?: "F32" | "F16" | "BF16"; readonly values: Float32Array }
  | { readonly type?: "U8"; readonly values: Uint8Array }
  | { readonly type?: "I32"; readonly values: Int32Array }
  | { readonly type?: "I64"; readonly values: BigInt64Array }
);

/** A tensor whose bytes are made when their turn comes, so that a file larger than memory can be written. */
export interface LazyTensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Row-major, little-endian; as many as type and shape say. */
  bytes(): Uint8Array;
}

// Tensors start at a multiple of the largest value size.
const ALIGNMENT = 8;
const LENGTH_BYTES = 8;
const SPACE = 0x20;

function sizeOf(name: string, shape: readonly number[]): number {
  if (name === METADATA || FORBIDDEN_KEYS.has(name)) {
    throw new InvalidInputError(`A tensor must not be named ${JSON.stringify(name)}`);
  }
  return shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0)
    ? shape.reduce((product, dimension) => product * dimension, 1)
    : Number.NaN;
}

function lazy(name: string, tensor: WritableTensor): LazyTensor {
  const { shape, values } = tensor;
  const size = sizeOf(name, shape);
  if (size !== values.length) {
    throw new InvalidInputError(
      `Tensor ${JSON.stringify(name)}: expected ${values.length} values in shape [${shape.join(", ")}], which has ${size}`,
    );
  }
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  if (!(values instanceof Float32Array)) {
    const type = values instanceof Uint8Array ? "U8" : values instanceof Int32Array ? "I32" : "I64";
    return { name, shape, type, bytes: () => bytesOf(values) };
  }
  const type = (tensor.type ?? "F32") as "F32" | "F16" | "BF16";
  return { name, shape, type, bytes: () => encodeFloats(values, type) };
}

/** float32 values as the bytes of a float type, rounded to nearest and ties to even. */
export function encodeFloats(values: Float32Array, type: "F32" | "F16" | "BF16"): Uint8Array {
  const stored = type === "F32" ? values : type === "F16" ? narrowFloat16(values) : narrowBfloat16(values);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Wide types first, so that every tensor is aligned to its own values; then by name. */
const byLayout = (a: LazyTensor, b: LazyTensor): number =>
  bytesPerValue(b.type) - bytesPerValue(a.type) || compareText(a.name, b.name);

export const byteLength = ({ name, type, shape }: LazyTensor): number => bytesPerValue(type) * sizeOf(name, shape);

/** A file of tensors: its header, and the tensors in the order their bytes follow it. */
export interface SafetensorsLayout {
  readonly header: Uint8Array;
  readonly ordered: readonly LazyTensor[];
  /** Bytes of the whole file. */
  readonly size: number;
}

export function layOut(tensors: readonly LazyTensor[], metadata: Readonly<Record<string, string>>): SafetensorsLayout {
  const ordered = [...tensors].sort(byLayout);
  const header = buildHeader(ordered, metadata);
  return { header, ordered, size: ordered.reduce((sum, tensor) => sum + byteLength(tensor), header.length) };
}

function buildHeader(tensors: readonly LazyTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0;
  const entries: [string, unknown][] = tensors.map((tensor) => {
    const { name, type, shape } = tensor;
    const data_offsets = [offset, offset + byteLength(tensor)];
    offset = data_offsets[1]!;
    return [name, { dtype: type, shape, data_offsets }];
  });
  const keys = Object.keys(metadata).sort(compareText);
  if (keys.length > 0) entries.unshift([METADATA, Object.fromEntries(keys.map((key) => [key, metadata[key]]))]);
  // Written entry by entry: an object would move names like "0" to the front.
  const json = new TextEncoder().encode(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
  );
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const header = new Uint8Array(LENGTH_BYTES + length).fill(SPACE);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, LENGTH_BYTES);
  return header;
}

/**
 * Tensors and string metadata as the bytes of a safetensors file. The same tensors give the same bytes, in whatever
 * order they come.
 *
 * @throws InvalidInputError for a name or shape that cannot be stored
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { header, ordered, size } = layOut(lazyTensors(tensors), metadata);
  const file = new Uint8Array(size);
  file.set(header);
  let next = header.length;
  for (const tensor of ordered) {
    file.set(tensor.bytes(), next);
    next += byteLength(tensor);
  }
  return file;
}

export function lazyTensors(tensors: ReadonlyMap<string, WritableTensor>): LazyTensor[] {
  return [...tensors].map(([name, tensor]) => lazy(name, tensor));
}

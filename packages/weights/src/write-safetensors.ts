import { narrowBfloat16, narrowFloat16, writeFileDurablySync, writeWhole } from "@blora/files";
import { FORBIDDEN_KEYS, InvalidInputError, NumericalError } from "@blora/spec";
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
  const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray) =>
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

const byteLength = ({ name, type, shape }: LazyTensor): number => bytesPerValue(type) * sizeOf(name, shape);

function buildHeader(tensors: readonly LazyTensor[], metadata: Readonly<Record<string, string>>): Buffer {
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
  const json = Buffer.from(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
  );
  const padding = (ALIGNMENT - (json.length % ALIGNMENT)) % ALIGNMENT;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding));
  return Buffer.concat([length, json, Buffer.alloc(padding, " ")]);
}

/**
 * Writes tensors and string metadata as a safetensors file. The same tensors
 * give the same bytes, in whatever order they come.
 *
 * The file is written aside, synced and renamed: at `path` there is the whole
 * file or the one before. Throws `InvalidInputError` for a name or shape that cannot be
 * stored, before anything is written.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeLazySafetensors(
    path,
    [...tensors].map(([name, tensor]) => lazy(name, tensor)),
    metadata,
  );
}

/** `writeSafetensors` for tensors that are made one after the other and never all held at once. */
export function writeLazySafetensors(
  path: string,
  tensors: readonly LazyTensor[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  const ordered = [...tensors].sort(byLayout);
  const header = buildHeader(ordered, metadata);
  const needed = ordered.reduce((sum, tensor) => sum + byteLength(tensor), header.length);
  const write = (descriptor: number): void => {
    writeWhole(descriptor, header);
    for (const tensor of ordered) writeWhole(descriptor, checkedBytes(tensor));
  };
  try {
    writeFileDurablySync(path, write, needed);
  } catch (cause) {
    if (NumericalError.isInstance(cause) || isOfDisk(cause)) throw cause;
    throw new InvalidInputError(`Cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** What `writeError` made a sentence of. */
function isOfDisk(error: unknown): boolean {
  return InvalidInputError.isInstance(error) && "code" in error;
}

function checkedBytes(tensor: LazyTensor): Uint8Array {
  const bytes = tensor.bytes();
  if (bytes.length === byteLength(tensor)) return bytes;
  throw new InvalidInputError(
    `tensor ${JSON.stringify(tensor.name)} has ${bytes.length} bytes, expected ${byteLength(tensor)}`,
  );
}

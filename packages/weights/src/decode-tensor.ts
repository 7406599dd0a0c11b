import { widenBfloat16, widenFloat16 } from "@blora/files";
import { didYouMean, InvalidInputError, NotFoundError } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import type { DataType } from "./data-types.ts";
import { fileInMemory, headerOf, type SafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";

/** Values as they are stored; 16-bit floats as float32. Booleans are bytes 0 and 1. */
export type TensorValues =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export interface ReadOptions {
  /** Throw where a value is NaN or infinite. */
  readonly requireFinite?: boolean;
}

const DECODERS: Readonly<Record<DataType, (buffer: ArrayBuffer) => TensorValues>> = {
  BOOL: (buffer) => new Uint8Array(buffer),
  U8: (buffer) => new Uint8Array(buffer),
  I8: (buffer) => new Int8Array(buffer),
  U16: (buffer) => new Uint16Array(buffer),
  I16: (buffer) => new Int16Array(buffer),
  F16: (buffer) => widenFloat16(new Uint16Array(buffer)),
  BF16: (buffer) => widenBfloat16(new Uint16Array(buffer)),
  U32: (buffer) => new Uint32Array(buffer),
  I32: (buffer) => new Int32Array(buffer),
  F32: (buffer) => new Float32Array(buffer),
  U64: (buffer) => new BigUint64Array(buffer),
  I64: (buffer) => new BigInt64Array(buffer),
  F64: (buffer) => new Float64Array(buffer),
};

function refuseNonFinite(values: Float32Array | Float64Array, { name }: TensorEntry, path: string): void {
  let count = 0;
  for (const value of values) if (!Number.isFinite(value)) count++;
  if (count === 0) return;
  const first = values.findIndex((value) => !Number.isFinite(value));
  throw new InvalidInputError(
    `${path}: tensor ${JSON.stringify(name)} holds ${count} of ${values.length} values that are not finite, ` +
      `the first ${values[first]} at index ${first}`,
  );
}

function findEntry({ path, tensors }: SafetensorsHeader, name: string): TensorEntry {
  const entry = tensors.get(name);
  if (entry !== undefined) return entry;
  throw new NotFoundError(`${path} has no tensor ${JSON.stringify(name)}.${didYouMean(name, tensors.keys())}`);
}

/** The values of one tensor, from its bytes in the file. */
export function decodeTensor(
  file: SafetensorsHeader,
  name: string,
  bytesOf: (entry: TensorEntry) => Uint8Array,
  { requireFinite = false }: ReadOptions = {},
): TensorValues {
  const entry = findEntry(file, name);
  const bytes = bytesOf(entry);
  // Values of several bytes need a buffer of their own.
  const isWhole = bytes.byteLength === bytes.buffer.byteLength;
  const values = DECODERS[entry.type]((isWhole ? bytes : bytes.slice()).buffer as ArrayBuffer);
  if (requireFinite && (values instanceof Float32Array || values instanceof Float64Array)) {
    refuseNonFinite(values, entry, file.path);
  }
  return values;
}

/** A tensor of float32, float16 or bfloat16 as float32, see `readTensor`. */
export function decodeFloats(
  file: SafetensorsHeader,
  name: string,
  bytesOf: (entry: TensorEntry) => Uint8Array,
  options: ReadOptions = {},
): Float32Array {
  const { type } = findEntry(file, name);
  const values = isFloatType(type) ? decodeTensor(file, name, bytesOf, options) : undefined;
  if (values instanceof Float32Array) return values;
  throw new InvalidInputError(
    `${file.path}: expected tensor ${JSON.stringify(name)} as F32, F16 or BF16, found ${type}`,
  );
}

/** Every tensor of a safetensors file in memory, by name. Values that are not finite are refused. */
export function decodeTensors(path: string, bytes: Uint8Array): ReadonlyMap<string, HostTensor> {
  const file = fileInMemory(path, bytes);
  const header = headerOf(file);
  const bytesOf = ({ offset, length }: TensorEntry): Uint8Array => file.read(offset, length);
  return new Map(
    [...header.tensors].map(([name, { shape }]) => [
      name,
      { shape, values: decodeFloats(header, name, bytesOf, { requireFinite: true }) },
    ]),
  );
}

/** Whether values of a type are float32 without loss. */
export const isFloatType = (type: DataType): type is "F32" | "F16" | "BF16" =>
  type === "F32" || type === "F16" || type === "BF16";

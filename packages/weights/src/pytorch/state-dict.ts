import { InvalidInputError } from "@blora/spec";
import { bytesPerValue, type DataType } from "../data-types.ts";
import type { PickleWorld } from "./unpickle.ts";

/** The values that tensors are views of, somewhere in the file. */
export interface Storage {
  readonly key: string;
  readonly type: DataType;
  /** Values. */
  readonly length: number;
  /** Values before its own in what `key` names: 0 but for views in files of early versions. */
  readonly start: number;
}

/** A view of a storage. */
export interface StoredTensor {
  readonly storage: Storage;
  /** Values from the start of the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Values from one index of an axis to the next. */
  readonly strides: readonly number[];
}

/** A storage class or dtype of PyTorch. */
interface ValueType {
  readonly valueType: DataType;
}

const TYPES: Readonly<Record<string, DataType>> = {
  Float: "F32",
  Half: "F16",
  BFloat16: "BF16",
  Double: "F64",
  Long: "I64",
  Int: "I32",
  Short: "I16",
  Char: "I8",
  Byte: "U8",
  Bool: "BOOL",
};

const isTyped = (value: unknown): value is ValueType =>
  typeof value === "object" && value !== null && "valueType" in value;
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isSizes = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isSize);
const isStorage = (value: unknown): value is Storage =>
  typeof value === "object" && value !== null && "start" in value && "key" in value;
const isTensor = (value: unknown): value is StoredTensor =>
  typeof value === "object" && value !== null && "strides" in value;

/** `('storage', class, key, location, length)`, and in files of early versions a view `(key, start, length)` or None. */
function storageOf(id: unknown): Storage {
  const [tag, type, key, , length, view = null] = Array.isArray(id) ? id : [];
  if (tag !== "storage" || !isTyped(type) || typeof key !== "string" || !isSize(length)) {
    throw new Error("expected a reference to a storage of float or integer values");
  }
  if (view === null) return { key, type: type.valueType, length, start: 0 };
  const [, start, size] = Array.isArray(view) ? view : [];
  if (!isSize(start) || !isSize(size)) throw new Error("expected a view of a storage");
  return { key, type: type.valueType, length: size, start };
}

/** `torch._utils._rebuild_tensor_v2`, of whose arguments the last say how to train it. */
function tensorOf(storage: unknown, offset: unknown, shape: unknown, strides: unknown): StoredTensor {
  const isWhole = isStorage(storage) && isSize(offset) && isSizes(shape) && isSizes(strides);
  if (!isWhole || shape.length !== strides.length)
    throw new Error("expected a tensor's storage, offset, shape and strides");
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
  const isEmpty = shape.includes(0);
  if (!Number.isSafeInteger(last) || (!isEmpty && last >= storage.length)) {
    throw new Error(`expected a tensor inside its storage of ${storage.length} values, found [${shape.join(", ")}]`);
  }
  return { storage, offset, shape, strides };
}

function parameterOf(data: unknown): StoredTensor {
  if (!isTensor(data)) throw new Error("expected the tensor of a parameter");
  return data;
}

/** Python 3 fills a dictionary item by item, Python 2 gave it a list of pairs. */
function dictionaryOf(pairs: unknown = []): ReadonlyMap<unknown, unknown> {
  const isPair = (value: unknown): value is [unknown, unknown] => Array.isArray(value) && value.length === 2;
  if (!Array.isArray(pairs) || !pairs.every(isPair)) throw new Error("expected the pairs of a dictionary");
  return new Map(pairs);
}

/** Every name a state dict needs: dictionaries, tensors, parameters and storage classes. */
const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["collections.OrderedDict", dictionaryOf],
  ["torch._utils._rebuild_tensor", tensorOf],
  ["torch._utils._rebuild_tensor_v2", tensorOf],
  ["torch._utils._rebuild_parameter", parameterOf],
  ...Object.entries(TYPES).map(([name, valueType]): [string, unknown] => [`torch.${name}Storage`, { valueType }]),
]);

export const STATE_DICT_WORLD: PickleWorld = { globals: GLOBALS, persistent: storageOf };

/** The tensors of a file and where their values lie in it. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** By the key of a storage. */
  readonly places: ReadonlyMap<string, StoragePlace>;
}

/** Where a storage lies in a file. */
export interface StoragePlace {
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes */
  readonly length: number;
}

/**
 * The tensors of what was unpickled from `path`.
 *
 * @throws InvalidInputError where it is no dictionary of named tensors, naming the first that is none
 */
export function tensorsOf(path: string, value: unknown): ReadonlyMap<string, StoredTensor> {
  if (!(value instanceof Map))
    throw new InvalidInputError(`${path}: expected a state dict, a dictionary of named tensors.`);
  for (const [name, tensor] of value) {
    if (typeof name === "string" && isTensor(tensor)) continue;
    const found = JSON.stringify(String(name));
    throw new InvalidInputError(`${path}: expected a state dict of tensors alone, found something else as ${found}.`);
  }
  return value as Map<string, StoredTensor>;
}

/** Bytes of a tensor written row by row. */
export function byteLengthOf({ storage, shape }: StoredTensor): number {
  return shape.reduce((product, size) => product * size, bytesPerValue(storage.type));
}

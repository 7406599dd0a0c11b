import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { bytesPerValue } from "./data-types.ts";
import { narrowBfloat16, narrowFloat16 } from "./half-floats.ts";

/** A tensor to write, row-major. Float values are rounded to the type they are stored as. */
export type WritableTensor = { readonly shape: readonly number[] } & (
  | { readonly type?: "F32" | "F16" | "BF16"; readonly values: Float32Array }
  | { readonly type?: "I32"; readonly values: Int32Array }
  | { readonly type?: "I64"; readonly values: BigInt64Array }
);

type StoredValues = Float32Array | Int32Array | BigInt64Array | Uint16Array;

interface StoredTensor {
  readonly name: string;
  readonly type: "F32" | "F16" | "BF16" | "I32" | "I64";
  readonly shape: readonly number[];
  readonly values: StoredValues;
}

const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(["__metadata__", "__proto__", "constructor", "prototype"]);
// Tensors start at a multiple of the largest value size.
const ALIGNMENT = 8;

function store(name: string, tensor: WritableTensor): StoredTensor {
  const { shape, values } = tensor;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (FORBIDDEN_NAMES.has(name)) throw new InvalidInputError(`A tensor must not be named ${JSON.stringify(name)}`);
  if (!shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0) || size !== values.length) {
    throw new InvalidInputError(
      `Tensor ${JSON.stringify(name)}: expected ${values.length} values in shape [${shape.join(", ")}], which has ${size}`,
    );
  }
  if (values instanceof Int32Array) return { name, shape, type: "I32", values };
  if (values instanceof BigInt64Array) return { name, shape, type: "I64", values };
  const type = tensor.type as "F32" | "F16" | "BF16" | undefined;
  if (type === "F16") return { name, shape, type, values: narrowFloat16(values) };
  if (type === "BF16") return { name, shape, type, values: narrowBfloat16(values) };
  return { name, shape, type: "F32", values };
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Wide types first, so that every tensor is aligned to its own values; then by name. */
const byLayout = (a: StoredTensor, b: StoredTensor): number =>
  bytesPerValue(b.type) - bytesPerValue(a.type) || compareText(a.name, b.name);

function buildHeader(tensors: readonly StoredTensor[], metadata: Readonly<Record<string, string>>): Buffer {
  let offset = 0;
  const entries: [string, unknown][] = tensors.map(({ name, type, shape, values }) => {
    const data_offsets = [offset, offset + values.byteLength];
    offset += values.byteLength;
    return [name, { dtype: type, shape, data_offsets }];
  });
  const keys = Object.keys(metadata).sort(compareText);
  if (keys.length > 0) entries.unshift(["__metadata__", Object.fromEntries(keys.map((key) => [key, metadata[key]]))]);
  // Written entry by entry: an object would move names like "0" to the front.
  const json = Buffer.from(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
  );
  const padding = (ALIGNMENT - (json.length % ALIGNMENT)) % ALIGNMENT;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding));
  return Buffer.concat([length, json, Buffer.alloc(padding, " ")]);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

/** Makes a rename in a folder durable, where the system allows it. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
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
  const stored = [...tensors].map(([name, tensor]) => store(name, tensor)).sort(byLayout);
  const header = buildHeader(stored, metadata);
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const descriptor = openSync(aside, "w");
    try {
      writeAll(descriptor, header);
      for (const { values } of stored)
        writeAll(descriptor, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(aside, path);
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(aside, { force: true });
    throw new InvalidInputError(`Cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}

import { type FileHandle, open } from "node:fs/promises";
import { type FrozenTensor, InvalidInputError, NotFoundError } from "@blora/spec";
import { frozenValues, requireStoredBytes } from "./frozen-values.ts";
import { widenBfloat16, widenFloat16 } from "./half-floats.ts";

/** Bytes of one read: large enough to be fast, far below what Node allows. */
const CHUNK_BYTES = 64 * 2 ** 20;

/**
 * Float32 values of a frozen tensor. Files are read by position, so their size
 * does not matter, and 16-bit values are widened exactly.
 *
 * Throws `NotFoundError` where a file cannot be opened and `InvalidInputError`
 * where the source does not hold the shape's values.
 */
export async function readFrozen(name: string, tensor: FrozenTensor): Promise<Float32Array> {
  const { shape, storage, source } = tensor;
  if (source instanceof Float32Array) return frozenValues(name, { shape, storage: tensor.storage as "f32", source });
  if (source instanceof Uint8Array) return frozenValues(name, { shape, storage, source });
  requireStoredBytes(name, tensor, source.length, source.path);
  if (source.read !== undefined) {
    return frozenValues(name, { shape, storage, source: await source.read(source.offset, source.length) });
  }
  const size = shape.reduce((product, length) => product * length, 1);
  const file = await open(source.path, "r").catch((error: Error) => {
    throw new NotFoundError(`Frozen tensor "${name}" cannot be read: ${error.message}.`, { cause: error });
  });
  try {
    const values = new Float32Array(size);
    if (storage === "f32") await readBytes(file, source.path, source.offset, new Uint8Array(values.buffer));
    else await readHalves(file, source.path, source.offset, storage, values);
    return values;
  } finally {
    await file.close();
  }
}

async function readHalves(
  file: FileHandle,
  path: string,
  offset: number,
  storage: "f16" | "bf16",
  values: Float32Array,
): Promise<void> {
  const widen = storage === "f16" ? widenFloat16 : widenBfloat16;
  const chunk = new Uint16Array(Math.min(values.length, CHUNK_BYTES / 2));
  for (let start = 0; start < values.length; start += chunk.length) {
    const bits = chunk.subarray(0, values.length - start);
    await readBytes(file, path, offset + 2 * start, new Uint8Array(bits.buffer, 0, bits.byteLength));
    widen(bits, values.subarray(start, start + bits.length));
  }
}

async function readBytes(file: FileHandle, path: string, offset: number, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, CHUNK_BYTES);
    const { bytesRead } = await file.read(bytes, done, length, offset + done);
    if (bytesRead === 0) {
      throw new InvalidInputError(
        `${path} ends at byte ${offset + done}, expected at least ${offset + bytes.length} bytes.`,
      );
    }
    done += bytesRead;
  }
}

import { writeFileDurablySync, writeWhole } from "@blora/files";
import { InvalidInputError, NumericalError } from "@blora/spec";
import { byteLength, type LazyTensor, layOut, lazyTensors, type WritableTensor } from "./encode-safetensors.ts";

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
  writeLazySafetensors(path, lazyTensors(tensors), metadata);
}

/** `writeSafetensors` for tensors that are made one after the other and never all held at once. */
export function writeLazySafetensors(
  path: string,
  tensors: readonly LazyTensor[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  const { header, ordered, size } = layOut(tensors, metadata);
  const write = (descriptor: number): void => {
    writeWhole(descriptor, header);
    for (const tensor of ordered) writeWhole(descriptor, checkedBytes(tensor));
  };
  try {
    writeFileDurablySync(path, write, size);
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

import type { RangedFile } from "@blora/files";
import { type Checkpoint, createCheckpoint, type WeightFile } from "./checkpoint.ts";
import { folderFacts, SMALL_FILES } from "./files-in-memory.ts";
import { endOfHeader, headerOf } from "./safetensors-header.ts";
import { maybeTied } from "./tied-embeddings.ts";

/** Of a weight file, to begin with: more than most headers have. */
const FIRST_BYTES = 2 ** 16;

/**
 * `openCheckpoint` of files that are read by ranges, such as those dropped on a page: of the weights only headers are read,
 * and tensors where an engine takes them, so that no copy of them stays beside the engine's own. Files that no checkpoint
 * has are passed over.
 *
 * What `read` gives is read at once where files can be, in a worker of a page; elsewhere `load` must bring the weights
 * into memory before, as training does.
 *
 * @param files by their names in the folder, see `fileOfBlob` and `fileAtUrl`
 * @param name what to call the folder, in errors
 * @throws NotFoundError naming what is missing, InvalidInputError for damaged or quantized weights
 */
export async function checkpointOfRanges(files: ReadonlyMap<string, RangedFile>, name: string): Promise<Checkpoint> {
  const contents = new Map<string, Uint8Array>();
  for (const small of SMALL_FILES) {
    const file = files.get(small);
    if (file !== undefined) contents.set(small, await file.read(0, file.size));
  }
  const { config, index, weights } = folderFacts(files, contents, name);
  const opened = new Map<string, PartlyRead>();
  for (const file of weights) opened.set(file, await openPartly(files.get(file)!));
  const load = async (): Promise<void> => {
    for (const file of opened.values()) await file.load();
  };
  const hasTensor = (tensor: string) => [...opened.values()].some((file) => headerOf(file).tensors.has(tensor));
  if (maybeTied(config, hasTensor)) await load();
  const checkpoint = createCheckpoint({ folder: name, config, files: opened, index });
  return { ...checkpoint, files: weights.map((file) => files.get(file)!), load };
}

/** A file whose beginning is in memory. */
interface PartlyRead extends WeightFile {
  /** Makes all of it readable at once. */
  load(): Promise<void>;
}

async function openPartly({ path, size, read, readNow }: RangedFile): Promise<PartlyRead> {
  let beginning = await read(0, Math.min(FIRST_BYTES, size));
  const inMemory = (offset: number, length: number): Uint8Array | undefined =>
    offset + length <= beginning.length ? beginning.subarray(offset, offset + length) : undefined;
  const readSlice = async (offset: number, length: number): Promise<Uint8Array> =>
    inMemory(offset, length) ?? (await read(offset, length));
  const file: PartlyRead = {
    path,
    size,
    slice: (offset, length) => ({ path, offset, length, read: readSlice }),
    read(offset, length) {
      const bytes = inMemory(offset, length) ?? readNow?.(offset, length);
      if (bytes !== undefined) return bytes;
      throw new Error(`${path}: bytes from ${offset} on are not in memory: load the checkpoint before they are read`);
    },
    async load() {
      if (readNow === undefined && beginning.length < size) beginning = await read(0, size);
    },
  };
  const end = endOfHeader(file);
  if (end > beginning.length) beginning = await read(0, end);
  return file;
}

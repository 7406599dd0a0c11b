import { type RangedFile, WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from "@blora/files";
import { type JsonObject, NotFoundError, parseStrictJsonObject } from "@blora/spec";
import { type Checkpoint, createCheckpoint, type WeightFile } from "./checkpoint.ts";
import { fileInMemory } from "./safetensors-header.ts";
import { parseWeightsIndex } from "./weights-index.ts";

const CONFIG_FILE = "config.json";
/** Files that say what the others are. */
export const SMALL_FILES: readonly string[] = [CONFIG_FILE, WEIGHTS_INDEX_FILE];

/** What a model folder says of itself. */
interface FolderFacts {
  readonly config: JsonObject;
  readonly index: ReadonlyMap<string, string> | undefined;
  /** Names of the weight files. */
  readonly weights: readonly string[];
}

/**
 * `openCheckpoint` of files in memory, such as a page fetches: whole ones by their names in the folder, of which those
 * that no checkpoint has are passed over.
 *
 * @param name what to call it, in errors
 * @throws NotFoundError naming what is missing, InvalidInputError for damaged or quantized weights
 */
export function checkpointOfFiles(files: ReadonlyMap<string, Uint8Array>, name: string): Checkpoint {
  const { config, index, weights } = folderFacts(files, files, name);
  const stored = new Map(weights.map((file) => [file, weightFile(`${name}/${file}`, files.get(file)!)]));
  const checkpoint = createCheckpoint({ folder: name, config, files: stored, index });
  return { ...checkpoint, files: Array.from(stored.values(), asRanges) };
}

/**
 * @param all files of the folder by name
 * @param contents those of `SMALL_FILES` that are among them
 */
export function folderFacts(
  all: ReadonlyMap<string, unknown>,
  contents: ReadonlyMap<string, Uint8Array>,
  name: string,
): FolderFacts {
  requireFiles([CONFIG_FILE], all, name);
  const config = parseStrictJsonObject(contents.get(CONFIG_FILE)!, { origin: `${name}/${CONFIG_FILE}` }) as JsonObject;
  const index = all.has(WEIGHTS_FILE) ? undefined : indexOf(contents.get(WEIGHTS_INDEX_FILE), name);
  const weights = index === undefined ? [WEIGHTS_FILE] : [...new Set(index.values())].sort();
  requireFiles(weights, all, name);
  return { config, index, weights };
}

function indexOf(bytes: Uint8Array | undefined, name: string): ReadonlyMap<string, string> | undefined {
  if (bytes === undefined) return undefined;
  const origin = `${name}/${WEIGHTS_INDEX_FILE}`;
  return parseWeightsIndex(parseStrictJsonObject(bytes, { origin, anyKeys: true }), origin);
}

function requireFiles(expected: readonly string[], all: ReadonlyMap<string, unknown>, name: string): void {
  const missing = expected.filter((file) => !all.has(file));
  if (missing.length === 0) return;
  const found = [...all.keys()].sort().join(", ") || "none";
  throw new NotFoundError(`${name}: expected a file ${missing.join(" and ")}, found ${found}.`);
}

function weightFile(path: string, bytes: Uint8Array): WeightFile {
  const file = fileInMemory(path, bytes);
  return { ...file, slice: file.read };
}

function asRanges({ path, size, read }: WeightFile): RangedFile {
  return { path, size, read: async (offset, length) => read(offset, length) };
}

import { sha256, WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from "@blora/files";
import { isJsonRecord, type JsonObject, NotFoundError, parseStrictJsonObject } from "@blora/spec";
import { type Checkpoint, createCheckpoint, type WeightFile } from "./checkpoint.ts";
import { fileInMemory } from "./safetensors-header.ts";

/**
 * `openCheckpoint` of files in memory, such as a page fetches: whole ones by their names in the folder, of which those
 * that no checkpoint has are passed over.
 *
 * @param name what to call it, in errors
 * @throws NotFoundError naming what is missing, InvalidInputError for damaged or quantized weights
 */
export function checkpointOfFiles(files: ReadonlyMap<string, Uint8Array>, name: string): Checkpoint {
  const bytesOf = (file: string): Uint8Array => {
    const bytes = files.get(file);
    if (bytes !== undefined) return bytes;
    throw new NotFoundError(
      `${name}: expected a file ${file}, found ${[...files.keys()].sort().join(", ") || "none"}.`,
    );
  };
  const config = parseStrictJsonObject(bytesOf("config.json"), { origin: `${name}/config.json` }) as JsonObject;
  const index = files.has(WEIGHTS_FILE) ? undefined : indexOf(files.get(WEIGHTS_INDEX_FILE), name);
  const names = index === undefined ? [WEIGHTS_FILE] : [...new Set(index.values())].sort();
  const weights = new Map(names.map((file) => [file, weightFile(`${name}/${file}`, bytesOf(file))]));
  const checkpoint = createCheckpoint({ folder: name, config, files: weights, index });
  return { ...checkpoint, files: names.map(bytesOf) };
}

/** `checkpointSha256` of what is in memory. */
export function sha256InMemory({ config, files = [] }: Pick<Checkpoint, "config" | "files">): string {
  return sha256([JSON.stringify(config), ...files.map((bytes) => sha256(bytes))]);
}

function indexOf(bytes: Uint8Array | undefined, name: string): ReadonlyMap<string, string> | undefined {
  if (bytes === undefined) return undefined;
  const { weight_map: map } = parseStrictJsonObject(bytes, { origin: `${name}/${WEIGHTS_INDEX_FILE}`, anyKeys: true });
  return new Map(Object.entries(isJsonRecord(map) ? map : {}).map(([tensor, file]) => [tensor, String(file)]));
}

function weightFile(path: string, bytes: Uint8Array): WeightFile {
  const file = fileInMemory(path, bytes);
  return { ...file, slice: file.read };
}

import { statSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile } from "@blora/files";
import { InvalidInputError, type JsonObject } from "@blora/spec";
import { type Checkpoint, createCheckpoint, type WeightFile } from "./checkpoint.ts";
import { locateCheckpointFiles } from "./checkpoint-files.ts";
import { readBytes } from "./positioned-read.ts";

/**
 * Opens a folder with `config.json` and weights in `model.safetensors`, or in
 * the files that `model.safetensors.index.json` names.
 *
 * Throws `NotFoundError` listing all that is missing and `InvalidInputError` for
 * damaged files, quantized weights, pickle-only folders, and an index that leads out of the folder.
 */
export function openCheckpoint(folder: string): Checkpoint {
  const { files, index } = locateCheckpointFiles(folder);
  const config = readJsonFile(join(folder, "config.json")) as JsonObject;
  const opened = new Map([...files].map(([name, path]) => [name, fileOnDisk(path)]));
  return createCheckpoint({ folder, config, files: opened, index });
}

function fileOnDisk(path: string): WeightFile {
  const status = statSync(path);
  if (!status.isFile()) throw new InvalidInputError(`${path}: expected a file`);
  return {
    path,
    size: status.size,
    read: (offset, length) => readBytes({ path, offset, length }),
    slice: (offset, length) => ({ path, offset, length }),
  };
}

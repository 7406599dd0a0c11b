import { join } from "node:path";
import { readJsonFile, WEIGHTS_INDEX_FILE } from "@blora/files";
import {
  didYouMean,
  type FileSlice,
  type FrozenTensor,
  InvalidInputError,
  type JsonObject,
  NotFoundError,
} from "@blora/spec";
import { locateCheckpointFiles } from "./checkpoint-files.ts";
import type { DataType } from "./data-types.ts";
import { requireUnquantized } from "./quantized.ts";
import { isFloatType, type ReadOptions, readTensor } from "./read-tensor.ts";
import { readSafetensorsHeader, type SafetensorsHeader } from "./safetensors-header.ts";
import { withTrueTie } from "./tied-embeddings.ts";

/** A tensor of a checkpoint, on disk. */
export interface CheckpointTensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly source: FileSlice;
}

/** A model folder. Only headers are read when it is opened. */
export interface Checkpoint {
  readonly folder: string;
  /** `config.json`, with `tie_word_embeddings` as the weights have it. */
  readonly config: JsonObject;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Sorted. */
  readonly names: readonly string[];
  /** The tensor as engines take it: its place in the file. Throws where there is no such float tensor. */
  frozen(name: string): FrozenTensor;
  /** Its values as float32, exactly. Reads from disk. */
  read(name: string, options?: ReadOptions): Float32Array;
}

const STORAGE = { F32: "f32", F16: "f16", BF16: "bf16" } as const;

/** A tensor with the header of the file it is in. */
interface LocatedTensor extends CheckpointTensor {
  readonly header: SafetensorsHeader;
}

/** Every tensor of the files, each in exactly one of them. */
function collectTensors(files: ReadonlyMap<string, string>, folder: string): Map<string, LocatedTensor> {
  const tensors = new Map<string, LocatedTensor>();
  const owners = new Map<string, string>();
  for (const [file, path] of files) {
    const header = readSafetensorsHeader(path);
    for (const { name, type, shape, offset, length } of header.tensors.values()) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        throw new InvalidInputError(`${folder}: tensor ${JSON.stringify(name)} is in two files, ${owner} and ${file}`);
      }
      owners.set(name, file);
      tensors.set(name, { name, type, shape, source: { path, offset, length }, header });
    }
  }
  return tensors;
}

function checkIndex(
  index: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  folder: string,
): void {
  const misplaced = [...index].filter(([name, file]) => tensors.get(name)?.source.path !== files.get(file));
  if (misplaced.length === 0) return;
  throw new InvalidInputError(
    `${join(folder, WEIGHTS_INDEX_FILE)} names tensors that are not in the file it gives: ` +
      misplaced.map(([name, file]) => `${name} (${file})`).join(", "),
  );
}

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
  requireUnquantized(config, folder);
  const tensors = collectTensors(files, folder);
  requireUnquantized(config, folder, tensors.keys());
  if (index !== undefined) checkIndex(index, files, tensors, folder);

  const find = (name: string): LocatedTensor => {
    const tensor = tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw new NotFoundError(`${folder} has no tensor ${JSON.stringify(name)}.${didYouMean(name, tensors.keys())}`);
  };
  return {
    folder,
    config: withTrueTie(config, tensors),
    tensors,
    names: [...tensors.keys()].sort(),
    frozen(name) {
      const { type, shape, source } = find(name);
      if (isFloatType(type)) return { shape, storage: STORAGE[type], source };
      throw new InvalidInputError(
        `${source.path}: expected tensor ${JSON.stringify(name)} as F32, F16 or BF16, found ${type}`,
      );
    },
    read: (name, options) => readTensor(find(name).header, name, options),
  };
}

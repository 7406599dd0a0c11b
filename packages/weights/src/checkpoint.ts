import { type RangedFile, WEIGHTS_INDEX_FILE } from "@blora/files";
import {
  didYouMean,
  type FileSlice,
  type FrozenTensor,
  InvalidInputError,
  type JsonObject,
  NotFoundError,
} from "@blora/spec";
import type { DataType } from "./data-types.ts";
import { decodeFloats, isFloatType, type ReadOptions } from "./decode-tensor.ts";
import { requireUnquantized } from "./quantized.ts";
import { headerOf, type SafetensorsHeader, type StoredFile } from "./safetensors-header.ts";
import { withTrueTie } from "./tied-embeddings.ts";

/** A tensor of a checkpoint, in a file or in memory. */
export interface CheckpointTensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly source: FileSlice | Uint8Array;
}

/** A model folder. Only headers are read when it is opened. */
export interface Checkpoint {
  /** Where it lies, or what to call one that is in memory. */
  readonly folder: string;
  /** `config.json`, with `tie_word_embeddings` as the weights have it. */
  readonly config: JsonObject;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Sorted. */
  readonly names: readonly string[];
  /** Its weight files, where they are not on the disk. */
  readonly files?: readonly RangedFile[];
  /** The tensor as engines take it: where it lies. Throws where there is no such float tensor. */
  frozen(name: string): FrozenTensor;
  /** Its values as float32, exactly. Reads from disk. */
  read(name: string, options?: ReadOptions): Float32Array;
  /** Brings into memory what `read` cannot have at once, see `checkpointOfRanges`. */
  load?(): Promise<void>;
}

/** A weight file of a checkpoint. */
export interface WeightFile extends StoredFile {
  /** Its bytes at a place, as engines take them. */
  slice(offset: number, length: number): FileSlice | Uint8Array;
}

/** What a checkpoint is made from. */
export interface CheckpointParts {
  readonly folder: string;
  readonly config: JsonObject;
  /** By their names in the folder. */
  readonly files: ReadonlyMap<string, WeightFile>;
  /** Tensor name to file name; undefined where there is no index. */
  readonly index: ReadonlyMap<string, string> | undefined;
}

const STORAGE = { F32: "f32", F16: "f16", BF16: "bf16" } as const;

/** A tensor with the file it is in. */
interface LocatedTensor extends CheckpointTensor {
  readonly file: string;
  readonly stored: WeightFile;
  readonly header: SafetensorsHeader;
}

/** Every tensor of the files: from the one the index gives where there is an index that names it, else from the only one that has it. */
function collectTensors({ files, index, folder }: CheckpointParts): Map<string, LocatedTensor> {
  const tensors = new Map<string, LocatedTensor>();
  for (const [file, stored] of files) {
    const header = headerOf(stored);
    for (const { name, type, shape, offset, length } of header.tensors.values()) {
      // Shards that are used again hold tensors the index takes from others.
      if (index?.has(name) && index.get(name) !== file) continue;
      const owner = tensors.get(name)?.file;
      if (owner !== undefined) {
        throw new InvalidInputError(`${folder}: tensor ${JSON.stringify(name)} is in two files, ${owner} and ${file}`);
      }
      tensors.set(name, { name, type, shape, source: stored.slice(offset, length), file, stored, header });
    }
  }
  return tensors;
}

function checkIndex(
  index: ReadonlyMap<string, string>,
  tensors: ReadonlyMap<string, LocatedTensor>,
  folder: string,
): void {
  const misplaced = [...index].filter(([name, file]) => tensors.get(name)?.file !== file);
  if (misplaced.length === 0) return;
  throw new InvalidInputError(
    `${folder}/${WEIGHTS_INDEX_FILE} names tensors that are not in the file it gives: ` +
      misplaced.map(([name, file]) => `${name} (${file})`).join(", "),
  );
}

/** @throws InvalidInputError for damaged or quantized weights, and an index that is wrong */
export function createCheckpoint(parts: CheckpointParts): Checkpoint {
  const { folder, config, index } = parts;
  requireUnquantized(config, folder);
  const tensors = collectTensors(parts);
  requireUnquantized(config, folder, tensors.keys());
  if (index !== undefined) checkIndex(index, tensors, folder);

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
      const { type, shape, source, header } = find(name);
      if (isFloatType(type)) return { shape, storage: STORAGE[type], source };
      throw new InvalidInputError(
        `${header.path}: expected tensor ${JSON.stringify(name)} as F32, F16 or BF16, found ${type}`,
      );
    },
    read(name, options) {
      const { header, stored } = find(name);
      return decodeFloats(header, name, ({ offset, length }) => stored.read(offset, length), options);
    },
  };
}

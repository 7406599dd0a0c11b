import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  ADAPTER_DESCRIPTION_FILE,
  isCompanionFile,
  isPickle,
  PEFT_CONFIG_FILE,
  PYTORCH_FILE,
  PYTORCH_INDEX_FILE,
  pickleAdvice,
  WEIGHTS_FILE,
  WEIGHTS_INDEX_FILE,
  weightsFormat,
} from "@blora/files";
import { InvalidInputError, isJsonRecord, type JsonObject, NotFoundError, parseStrictJsonObject } from "@blora/spec";
import { connect } from "./connection.ts";
import { downloadFileAlone, type RepositoryContent } from "./download.ts";
import {
  findCached,
  isFile,
  isFolder,
  locate,
  notCached,
  type ResolveModelOptions,
  resolveRepository,
} from "./resolve-repository.ts";

const CONFIG = "config.json";

/** A model: weights and tokenizer, `config.json` last. */
const MODEL: RepositoryContent = {
  type: "model",
  noun: "model",
  example: "microsoft/deberta-v3-base",
  missing(folder) {
    // A link whose content is gone, or was never fetched, still has its name.
    const named = readdirSync(folder).filter(isCompanionFile);
    return [CONFIG, ...weightsOf(folder), ...named].filter((name) => !isFile(join(folder, name)));
  },
  choose(names, id) {
    requireNoAdapter(id, (name) => names.has(name));
    const safetensors = safetensorsWeights(names);
    const weights = safetensors.length > 0 ? safetensors : pytorchWeights(names);
    if (weights.length === 0) {
      if ([...names].some(isPickle)) {
        throw new InvalidInputError(`${id} ${pickleAdvice(id)}; or name a revision that has ${WEIGHTS_FILE}`);
      }
      throw new NotFoundError(`${id} has no weights: expected ${WEIGHTS_FILE} or ${WEIGHTS_INDEX_FILE}`);
    }
    if (!names.has(CONFIG)) throw new NotFoundError(`${id} has no ${CONFIG}`);
    return [...[...names].filter(isCompanionFile), ...weights, CONFIG];
  },
};

/** An adapter has no weights of a model, and is easily taken for one. */
function requireNoAdapter(idOrFolder: string, has: (name: string) => boolean): void {
  if (has(CONFIG)) return;
  const found = [PEFT_CONFIG_FILE, ADAPTER_DESCRIPTION_FILE]
    .flatMap((name) => [name, `adapter/${name}`])
    .find((name) => has(name));
  if (found === undefined) return;
  throw new InvalidInputError(
    `${idOrFolder}: expected a model, found an adapter (${found}). Name the base model that it was trained on.`,
  );
}

/** The file of all weights, or the index and its shards: a repository may hold the same weights in one file of another form. */
function safetensorsWeights(names: ReadonlySet<string>): readonly string[] {
  if (names.has(WEIGHTS_FILE)) return [WEIGHTS_FILE];
  const all = [...names].filter((name) => /^[\w.-]+\.safetensors$/.test(name));
  const shards = all.filter((name) => /-\d{5}-of-\d{5}\.safetensors$/.test(name));
  if (!names.has(WEIGHTS_INDEX_FILE)) return all;
  return [...(shards.length > 0 ? shards : all), WEIGHTS_INDEX_FILE];
}

/** PyTorch's files of weights; none where there are only other pickles. */
function pytorchWeights(names: ReadonlySet<string>): readonly string[] {
  if (weightsFormat((name) => names.has(name)) !== "pytorch") return [];
  if (names.has(PYTORCH_FILE)) return [PYTORCH_FILE];
  return [...names].filter((name) => /^pytorch_model[\w.-]*\.bin$/.test(name) || name === PYTORCH_INDEX_FILE);
}

/** Names of the files of weights that a snapshot should have. One of pickle files alone is told so where it is opened. */
function weightsOf(folder: string): readonly string[] {
  const index = join(folder, WEIGHTS_INDEX_FILE);
  if (isFile(join(folder, WEIGHTS_FILE))) return [];
  if (!isFile(index)) return readdirSync(folder).some(isPickle) ? [] : [WEIGHTS_FILE];
  const { weight_map: files } = parseStrictJsonObject(readFileSync(index), { origin: index, anyKeys: true });
  return isJsonRecord(files) ? [...new Set(Object.values(files).map(String))] : [];
}

/**
 * The folder of a model: the folder itself, or a model of the Hugging Face Hub,
 * downloaded into the cache where it is not there already. Only safetensors, or
 * PyTorch's `pytorch_model.bin` where there are none, `config.json` and the files that go along with them are downloaded. Without a connection the
 * cached copy is used.
 *
 * Throws `NotFoundError` for an unknown model or folder and one that is not
 * cached when offline, `InvalidInputError` for a bad name, a file, an adapter, a
 * gated model and one that has only other pickle files.
 */
export async function resolveModel(idOrFolder: string, options: ResolveModelOptions = {}): Promise<string> {
  const folder = await resolveRepository(idOrFolder, MODEL, options);
  requireNoAdapter(idOrFolder, (name) => isFile(join(folder, name)));
  return folder;
}

/**
 * The `config.json` of a model and, where it is on this machine, its folder.
 * Of a Hub model that is not in the cache only this file is read, and nothing
 * is stored.
 *
 * Throws as `resolveModel` does.
 */
export async function readModelConfig(
  idOrFolder: string,
  options: ResolveModelOptions = {},
): Promise<{ readonly config: JsonObject; readonly folder: string | undefined }> {
  if (isFolder(idOrFolder)) return readConfig(resolve(idOrFolder));
  const { wanted, cache, offline } = locate(idOrFolder, MODEL, options);
  const cached = await findCached(wanted, MODEL, cache);
  if (cached?.missing.length === 0) return readConfig(cached.folder);
  if (offline) throw notCached(wanted, cached, MODEL);
  const bytes = await downloadFileAlone({ ...wanted, ...connect(options) }, CONFIG, MODEL.noun);
  return { config: parseConfig(bytes, `${CONFIG} of ${idOrFolder}`), folder: undefined };
}

async function readConfig(folder: string): Promise<{ readonly config: JsonObject; readonly folder: string }> {
  requireNoAdapter(folder, (name) => isFile(join(folder, name)));
  const path = join(folder, CONFIG);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") throw new NotFoundError(`${path} does not exist`, { cause });
    throw new InvalidInputError(`Cannot read ${path}: ${cause.message}`, { cause });
  });
  return { config: parseConfig(bytes, path), folder };
}

function parseConfig(bytes: Uint8Array, origin: string): JsonObject {
  return parseStrictJsonObject(bytes, { origin, ofPython: true }) as JsonObject;
}

import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { InvalidInputError, type JsonObject, NotFoundError } from "@blora/spec";
import { readJsonFile } from "./checkpoint-files.ts";
import { openRepositoryCache, type RepositoryCache } from "./hub-cache.ts";
import {
  type DownloadProgress,
  downloadConfig,
  downloadModel,
  type HubSource,
  isConnectionError,
} from "./hub-download.ts";

/** Options that are not given come from the environment variables of Hugging Face's own tools. */
export interface ResolveModelOptions {
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string;
  /** Default `HF_TOKEN`. */
  readonly token?: string;
  /** Never use the network. Default `HF_HUB_OFFLINE`. */
  readonly offline?: boolean;
  /** Default `HF_HUB_CACHE`, or `hub` in `HF_HOME` or in `~/.cache/huggingface`. */
  readonly cacheFolder?: string;
  /** Default `HF_ENDPOINT` or `https://huggingface.co`. */
  readonly hubUrl?: string;
  readonly fetch?: typeof fetch;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const MODEL_ID = /^(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9_][\w.-]{0,95}$/;
const REVISION = /^[\w-][\w./-]{0,200}$/;
const COMMIT = /^[0-9a-f]{40}$/;

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const isOn = (value: string | undefined): boolean => /^(?:1|true|yes|on)$/i.test(value ?? "");

function defaultCacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = environment;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(home, "hub");
}

function checkNames(id: string, revision: string, token: string | undefined): void {
  if (!MODEL_ID.test(id) || /\.\.|--/.test(id)) {
    throw new InvalidInputError(
      `Expected a folder that exists, or a model name such as microsoft/deberta-v3-base, found ${JSON.stringify(id)}`,
    );
  }
  if (!REVISION.test(revision) || revision.includes("..")) {
    throw new InvalidInputError(`Expected a branch, tag or commit as revision, found ${JSON.stringify(revision)}`);
  }
  // Never shown: it is a secret even where it is mistyped.
  if (token !== undefined && !token.startsWith("hf_"))
    throw new InvalidInputError('Expected a token that starts with "hf_"');
}

/** The snapshot a revision was last downloaded as. */
async function findCached(cache: RepositoryCache, revision: string): Promise<string | undefined> {
  const commit = COMMIT.test(revision) ? revision : await cache.readRevision(revision);
  if (commit === undefined || !COMMIT.test(commit)) return undefined;
  const folder = cache.snapshotFolder(commit);
  // Downloaded last, so a snapshot with it is whole.
  return statSync(join(folder, "config.json"), { throwIfNoEntry: false }) === undefined ? undefined : folder;
}

/**
 * The folder of a model: the folder itself, or a model of the Hugging Face Hub,
 * downloaded into the cache where it is not there already. Only safetensors,
 * `config.json` and tokenizer files are downloaded. Without a connection the
 * cached copy is used.
 *
 * Throws `NotFoundError` for an unknown model or folder and one that is not
 * cached when offline, `InvalidInputError` for a bad name, a gated model and one
 * that has only pickle files.
 */
export async function resolveModel(idOrFolder: string, options: ResolveModelOptions = {}): Promise<string> {
  if (isFolder(idOrFolder)) return resolve(idOrFolder);
  const { source, cache, offline } = hubModel(idOrFolder, options);
  const { revision } = source;
  if (offline) {
    const cached = await findCached(cache, revision);
    if (cached !== undefined) return cached;
    throw notCached(source);
  }
  try {
    return await downloadModel(source, cache, options.onProgress ?? (() => {}));
  } catch (error) {
    const cached = isConnectionError(error) ? await findCached(cache, revision) : undefined;
    if (cached !== undefined) return cached;
    throw error;
  }
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
  const read = (folder: string) => ({ config: readJsonFile(join(folder, "config.json")) as JsonObject, folder });
  if (isFolder(idOrFolder)) return read(resolve(idOrFolder));
  const { source, cache, offline } = hubModel(idOrFolder, options);
  const cached = await findCached(cache, source.revision);
  if (cached !== undefined) return read(cached);
  if (offline) throw notCached(source);
  return { config: await downloadConfig(source), folder: undefined };
}

function notCached({ id, revision }: HubSource): NotFoundError {
  return new NotFoundError(
    `${id} at revision ${revision} is not in the cache, and offline mode forbids to download it`,
  );
}

/** Where a Hub model comes from and is kept. */
function hubModel(
  idOrFolder: string,
  options: ResolveModelOptions,
): { source: HubSource; cache: RepositoryCache; offline: boolean } {
  if (/^(?:\.{1,2}$|\.{0,2}[/\\]|~|[A-Za-z]:[/\\])/.test(idOrFolder))
    throw new NotFoundError(`There is no folder ${idOrFolder}`);

  const environment = options.environment ?? process.env;
  const token = options.token ?? (environment.HF_TOKEN || undefined);
  const revision = options.revision ?? "main";
  checkNames(idOrFolder, revision, token);
  const cache = openRepositoryCache(options.cacheFolder ?? defaultCacheFolder(environment), idOrFolder);

  const source = {
    id: idOrFolder,
    revision,
    token,
    hubUrl: (options.hubUrl ?? environment.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/+$/, ""),
    fetch: options.fetch ?? fetch,
  };
  return { source, cache, offline: options.offline ?? isOn(environment.HF_HUB_OFFLINE) };
}

import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import {
  type DownloadProgress,
  downloadRepository,
  type HubSource,
  isConnectionError,
  type RepositoryContent,
} from "./download.ts";
import { openRepositoryCache, type RepositoryCache } from "./repository-cache.ts";

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

const REPOSITORY_ID = /^(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9_][\w.-]{0,95}$/;
const REVISION = /^[\w-][\w./-]{0,200}$/;
const COMMIT = /^[0-9a-f]{40}$/;

export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const isOn = (value: string | undefined): boolean => /^(?:1|true|yes|on)$/i.test(value ?? "");

function defaultCacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = environment;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(home, "hub");
}

function checkNames({ id, revision, token }: HubSource, { example }: RepositoryContent): void {
  if (!REPOSITORY_ID.test(id) || /\.\.|--/.test(id)) {
    throw new InvalidInputError(
      `Expected a folder that exists, or a name of the Hub such as ${example}, found ${JSON.stringify(id)}`,
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
export async function findCached(
  { revision }: HubSource,
  { isWhole }: RepositoryContent,
  cache: RepositoryCache,
): Promise<string | undefined> {
  const commit = COMMIT.test(revision) ? revision : await cache.readRevision(revision);
  if (commit === undefined || !COMMIT.test(commit)) return undefined;
  const folder = cache.snapshotFolder(commit);
  const has = (name: string): boolean => statSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
  return isWhole(has) ? folder : undefined;
}

/**
 * The folder of a repository: the folder itself, or the snapshot of what `content` chooses.
 *
 * Throws as `resolveModel` does, and what `content.choose` throws.
 */
export async function resolveRepository(
  idOrFolder: string,
  content: RepositoryContent,
  options: ResolveModelOptions = {},
): Promise<string> {
  if (isFolder(idOrFolder)) return resolve(idOrFolder);
  const { source, cache, offline } = locate(idOrFolder, content, options);
  if (offline) {
    const cached = await findCached(source, content, cache);
    if (cached !== undefined) return cached;
    throw notCached(source);
  }
  try {
    return await downloadRepository(source, content, cache, options.onProgress ?? (() => {}));
  } catch (error) {
    const cached = isConnectionError(error) ? await findCached(source, content, cache) : undefined;
    if (cached !== undefined) return cached;
    throw error;
  }
}

export function notCached({ id, revision }: HubSource): NotFoundError {
  return new NotFoundError(
    `${id} at revision ${revision} is not in the cache, and offline mode forbids to download it`,
  );
}

/** Where a repository of the Hub comes from and is kept. */
export function locate(
  id: string,
  content: RepositoryContent,
  options: ResolveModelOptions,
): { source: HubSource; cache: RepositoryCache; offline: boolean } {
  if (/^(?:\.{1,2}$|\.{0,2}[/\\]|~|[A-Za-z]:[/\\])/.test(id)) throw new NotFoundError(`There is no folder ${id}`);
  const environment = options.environment ?? process.env;
  const source: HubSource = {
    id,
    revision: options.revision ?? "main",
    token: options.token ?? (environment.HF_TOKEN || undefined),
    hubUrl: (options.hubUrl ?? environment.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/+$/, ""),
    fetch: options.fetch ?? fetch,
  };
  checkNames(source, content);
  const cache = openRepositoryCache(options.cacheFolder ?? defaultCacheFolder(environment), id);
  return { source, cache, offline: options.offline ?? isOn(environment.HF_HUB_OFFLINE) };
}

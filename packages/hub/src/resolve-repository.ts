import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { connect, type Environment, type HubOptions, hubHome } from "./connection.ts";
import {
  type DownloadProgress,
  downloadRepository,
  isConnectionError,
  type RepositoryContent,
  type RepositoryRevision,
} from "./download.ts";
import { openRepositoryCache, type RepositoryCache } from "./repository-cache.ts";

/** Which revision is wanted, and where it is kept. */
export interface ResolveModelOptions extends HubOptions {
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string;
  /** Never use the network. Default `HF_HUB_OFFLINE`. */
  readonly offline?: boolean;
  /** Default `HF_HUB_CACHE`, or `hub` in `HF_HOME` or in `~/.cache/huggingface`. */
  readonly cacheFolder?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const REPOSITORY_ID = /^(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9_][\w.-]{0,95}$/;
const REVISION = /^[\w-][\w./-]{0,200}$/;
const COMMIT = /^[0-9a-f]{40}$/;

export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const isOn = (value: string | undefined): boolean => /^(?:1|true|yes|on)$/i.test(value ?? "");

function defaultCacheFolder(environment: Environment): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE } = environment;
  return HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(hubHome(environment), "hub");
}

function checkNames({ id, revision }: RepositoryRevision, { example }: RepositoryContent): void {
  if (!REPOSITORY_ID.test(id) || /\.\.|--/.test(id)) {
    throw new InvalidInputError(
      `Expected a folder that exists, or a name of the Hub such as ${example}, found ${JSON.stringify(id)}`,
    );
  }
  if (!REVISION.test(revision) || revision.includes("..")) {
    throw new InvalidInputError(`Expected a branch, tag or commit as revision, found ${JSON.stringify(revision)}`);
  }
}

/** The snapshot a revision was last downloaded as. */
export async function findCached(
  { revision }: RepositoryRevision,
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
  const { wanted, cache, offline } = locate(idOrFolder, content, options);
  if (offline) {
    const cached = await findCached(wanted, content, cache);
    if (cached !== undefined) return cached;
    throw notCached(wanted);
  }
  try {
    return await downloadRepository(
      { ...wanted, ...connect(options) },
      content,
      cache,
      options.onProgress ?? (() => {}),
    );
  } catch (error) {
    const cached = isConnectionError(error) ? await findCached(wanted, content, cache) : undefined;
    if (cached !== undefined) return cached;
    throw error;
  }
}

export function notCached({ id, revision }: RepositoryRevision): NotFoundError {
  return new NotFoundError(
    `${id} at revision ${revision} is not in the cache, and offline mode forbids to download it`,
  );
}

/** Where a repository of the Hub comes from and is kept. */
export function locate(
  id: string,
  content: RepositoryContent,
  options: ResolveModelOptions,
): { wanted: RepositoryRevision; cache: RepositoryCache; offline: boolean } {
  if (/^(?:\.{1,2}$|\.{0,2}[/\\]|~|[A-Za-z]:[/\\])/.test(id)) throw new NotFoundError(`There is no folder ${id}`);
  const environment = options.environment ?? process.env;
  const wanted: RepositoryRevision = { id, revision: options.revision ?? "main" };
  checkNames(wanted, content);
  const cache = openRepositoryCache(options.cacheFolder ?? defaultCacheFolder(environment), id);
  return { wanted, cache, offline: options.offline ?? isOn(environment.HF_HUB_OFFLINE) };
}

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { BloraError, InvalidInputError, NotFoundError } from "@blora/spec";
import { connect, type HubOptions } from "./connection.ts";
import {
  type DownloadProgress,
  downloadRepository,
  isUnanswered,
  type RepositoryContent,
  type RepositoryRevision,
} from "./download.ts";
import { hubCache, isOffline } from "./environment.ts";
import { openRepositoryCache, type RepositoryCache } from "./repository-cache.ts";

/** Which revision is wanted, and where it is kept. */
export interface ResolveModelOptions extends HubOptions {
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string;
  /** Never use the network. Default `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE`. */
  readonly offline?: boolean;
  /** Default `HF_HUB_CACHE`, or `hub` in `HF_HOME` or in `~/.cache/huggingface`. */
  readonly cacheFolder?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Told in a sentence where the cached copy is used because the Hub does not answer. */
  readonly onNote?: (note: string) => void;
}

const REPOSITORY_ID = /^(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9_][\w.-]{0,95}$/;
const REVISION = /^[\w-][\w./-]{0,200}$/;
const COMMIT = /^[0-9a-f]{40}$/;

export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function checkNames({ id, revision }: RepositoryRevision, { example, type }: RepositoryContent): void {
  if (!REPOSITORY_ID.test(id) || /\.\.|--/.test(id)) {
    throw new InvalidInputError(
      `Expected ${type === "model" ? "a folder that exists, or " : ""}a name of the Hub such as ${example}, found ${JSON.stringify(id)}`,
    );
  }
  if (!REVISION.test(revision) || revision.includes("..")) {
    throw new InvalidInputError(`Expected a branch, tag or commit as revision, found ${JSON.stringify(revision)}`);
  }
}

/** A snapshot in the cache, and what it lacks to be used: another tool may have fetched only some of its files. */
export interface CachedSnapshot {
  readonly folder: string;
  readonly missing: readonly string[];
}

/** The snapshot a revision was last downloaded as. */
export async function findCached(
  { revision }: RepositoryRevision,
  content: RepositoryContent,
  cache: RepositoryCache,
): Promise<CachedSnapshot | undefined> {
  const commit = COMMIT.test(revision) ? revision : await cache.readRevision(revision);
  if (commit === undefined || !COMMIT.test(commit)) return undefined;
  const folder = cache.snapshotFolder(commit);
  return isFolder(folder) ? { folder, missing: content.missing(folder, await cache.readNames(commit)) } : undefined;
}

export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

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
  return fetchRepository(idOrFolder, content, options);
}

/** The snapshot of a repository of the Hub, whatever folders there are. Throws as `resolveRepository` does. */
export async function fetchRepository(
  id: string,
  content: RepositoryContent,
  options: ResolveModelOptions,
): Promise<string> {
  const { wanted, cache, offline } = locate(id, content, options);
  // A commit never changes; but whether a model is there with its tokenizer, only the Hub's list tells.
  if (offline || (content.type === "dataset" && COMMIT.test(wanted.revision))) {
    const cached = await findCached(wanted, content, cache);
    if (cached?.missing.length === 0) return cached.folder;
    if (offline) throw notCached(wanted, cached, content);
  }
  try {
    return await downloadRepository(
      { ...wanted, ...connect(options) },
      content,
      cache,
      options.onProgress ?? (() => {}),
    );
  } catch (error) {
    if (!BloraError.isInstance(error) || !isUnanswered(error)) throw error;
    const cached = await findCached(wanted, content, cache);
    if (cached === undefined) throw error;
    if (cached.missing.length === 0) {
      options.onNote?.(`The Hub does not answer: the cached copy of ${id} at revision ${wanted.revision} is used.`);
      return cached.folder;
    }
    throw new NotFoundError(`${error.message}. ${incomplete(wanted, cached)}.`, { cause: error.cause });
  }
}

function incomplete({ id, revision }: RepositoryRevision, { missing }: CachedSnapshot): string {
  return `The cached copy of ${id} at revision ${revision} is not complete: it lacks ${missing.join(", ")}`;
}

export function notCached(
  wanted: RepositoryRevision,
  cached: CachedSnapshot | undefined,
  { type }: RepositoryContent,
): NotFoundError {
  if (cached !== undefined && cached.missing.length > 0) {
    return new NotFoundError(`${incomplete(wanted, cached)}. Offline mode forbids to download the rest.`);
  }
  const { id, revision } = wanted;
  const noFolder = type === "model" ? ` There is no folder ${id} here either.` : "";
  return new NotFoundError(
    `${id} at revision ${revision} is not in the cache, and offline mode forbids to download it.${noFolder}`,
  );
}

/** Where a repository of the Hub comes from and is kept. */
export function locate(
  id: string,
  content: RepositoryContent,
  options: ResolveModelOptions,
): { wanted: RepositoryRevision; cache: RepositoryCache; offline: boolean } {
  if (content.type === "model" && isFile(id)) {
    throw new InvalidInputError(
      `${id}: expected a folder, or a name of the Hub such as ${content.example}, found a file. Name the folder it is in.`,
    );
  }
  if (/^(?:\.{1,2}$|\.{0,2}[/\\]|~|[A-Za-z]:[/\\])/.test(id)) throw new NotFoundError(`There is no folder ${id}`);
  const environment = options.environment ?? process.env;
  const wanted: RepositoryRevision = { id, revision: options.revision ?? "main" };
  checkNames(wanted, content);
  const cache = openRepositoryCache(options.cacheFolder ?? hubCache(environment), id, content.type);
  return { wanted, cache, offline: options.offline ?? isOffline(environment) };
}

import { BloraError, InvalidInputError, NotFoundError } from "@blora/spec";
import { type HubConnection, statusOf } from "./connection.ts";
import { isUnwritable, type RemoteFile, type RepositoryCache, type RepositoryType } from "./repository-cache.ts";
import { resumedContent, TRANSIENT } from "./retrying-fetch.ts";

/** A repository at a branch, tag or commit. */
export interface RepositoryRevision {
  readonly id: string;
  readonly revision: string;
}

/** Where a repository is downloaded from. */
export type HubSource = RepositoryRevision & HubConnection;

/** How far a download is. */
export interface DownloadProgress {
  readonly file: string;
  /** Bytes received. */
  readonly bytes: number;
  /** Bytes of the file. */
  readonly total: number;
}

/** What is used of a repository of the Hub. */
export interface RepositoryContent {
  readonly type: RepositoryType;
  /** What the repository is, for errors. */
  readonly noun: string;
  /** A name one may have, for errors. */
  readonly example: string;
  /**
   * The files to download, in this order: the last ones tell that a snapshot is whole.
   *
   * @param names of all files
   * @throws `BloraError` where the repository `id` is no such thing
   */
  choose(names: ReadonlySet<string>, id: string): readonly string[];
  /**
   * Names of files that a snapshot folder lacks to be used; none where it is whole.
   *
   * @param listed all files of the repository, where the cache knows them, which it does of data sets
   */
  missing(folder: string, listed: ReadonlySet<string> | undefined): readonly string[];
}

const COMMIT = /^[0-9a-f]{40}$/;
const ETAG = /^[0-9a-f]{16,128}$/;

const hubParameters = ({ id, hubUrl, token, fetch }: HubSource, type: RepositoryType) => ({
  repo: { type, name: id },
  hubUrl,
  fetch,
  ...(token === undefined ? {} : { accessToken: token }),
});

/** The messages of an error and of what caused it: `fetch` hides the reason one level down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** Puts a failure of the disk in words, where it is one: the error of a connection has no path. */
function explainDisk(error: unknown, id: string): BloraError | undefined {
  const { code, path } = error as NodeJS.ErrnoException;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  if (path === undefined && !isFull) return undefined;
  const options = { cause: error };
  if (isUnwritable(error)) {
    return new InvalidInputError(
      `Cannot keep ${id}: ${path} cannot be written. Set HF_HUB_CACHE to a folder that can, ` +
        "or take the copy in the cache with HF_HUB_OFFLINE=1.",
      options,
    );
  }
  if (isFull) {
    return new BloraError(`Cannot keep ${id}: the disk of the cache is full. Set HF_HUB_CACHE to another.`, options);
  }
  return undefined;
}

/** Puts a failed request in words. Errors that already are ours pass. */
function explain(
  error: unknown,
  { id, revision, hubUrl, token }: HubSource,
  { noun, type }: Pick<RepositoryContent, "noun" | "type">,
  commit?: string,
): BloraError {
  if (BloraError.isInstance(error)) return error;
  const status = statusOf(error);
  const options = { cause: error };
  if (status === 404 && commit !== undefined && commit !== revision) {
    return new BloraError(
      `${hubUrl} no longer serves ${id} at commit ${commit}, which ${revision} stood for a moment ago. Try again.`,
      options,
    );
  }
  // A model may be a folder; a data set of the Hub is named as one.
  const isAlsoFolder = type === "model";
  const noFolder = isAlsoFolder ? ` There is no folder ${id} here either.` : "";
  if (status === 404) {
    const nowhere = isAlsoFolder ? `, and there is no folder ${id} here` : "";
    // What a token may not read is hidden from it, not forbidden.
    const hidden = token === undefined ? "" : " If it is private, may the token read it?";
    return new NotFoundError(
      `${hubUrl} has no ${noun} ${id} at revision ${revision}${nowhere}. Is the name spelled right?${hidden}`,
      options,
    );
  }
  if (status === 401 && token !== undefined) {
    return new InvalidInputError(
      `${hubUrl} does not know the token it was given: it may be mistyped, or have expired. Make another and set HF_TOKEN, or log in ` +
        `anew with hf auth login. What is public needs no token.${noFolder}`,
      options,
    );
  }
  if (status === 401 || status === 403) {
    const advice =
      token === undefined
        ? "Set HF_TOKEN to a token that may read it, or log in with hf auth login. A gated one has terms to accept on its page"
        : "Accept its terms on its page, or use another token";
    return new InvalidInputError(
      `${hubUrl} does not show ${id}: it is gated, private or absent. ${advice}.${noFolder}`,
      options,
    );
  }
  if (status === 429) {
    const more = token === undefined ? ", or with a token, which may ask more often" : "";
    return new BloraError(
      `${hubUrl} answered 429 to a request for ${id}: there were too many from here. Try again later${more}`,
      options,
    );
  }
  if (typeof status === "number") return new BloraError(`${hubUrl} answered ${status} to a request for ${id}`, options);
  const disk = explainDisk(error, id);
  if (disk !== undefined) return disk;
  const also = isConnectionError(error) && isAlsoFolder ? `. There is no folder ${id} here either` : "";
  return new BloraError(`Cannot download ${id} from ${hubUrl}: ${reasonOf(error)}${also}`, options);
}

function isConnectionError(error: unknown): boolean {
  return error instanceof TypeError && error.message === "fetch failed";
}

/** Whether the Hub gave no answer to the request that caused an error: it is not reached, busy or out of order. */
export function isUnanswered({ cause }: { readonly cause?: unknown }): boolean {
  const status = statusOf(cause);
  return isConnectionError(cause) || (typeof status === "number" && TRANSIENT.has(status));
}

/** The commit that a branch or tag stands for now. */
async function commitOf(source: HubSource, type: RepositoryType): Promise<string> {
  const { datasetInfo, modelInfo } = await import("@huggingface/hub");
  const { repo: _, ...request } = hubParameters(source, type);
  const { id: name, revision } = source;
  const asked = { ...request, name, revision, additionalFields: ["sha" as const] };
  const { sha } = await (type === "model" ? modelInfo(asked) : datasetInfo(asked));
  if (COMMIT.test(sha)) return sha;
  throw new BloraError(`${source.hubUrl} gave no commit for ${name}`);
}

/** The content of one small file of a model, kept nowhere. Throws `BloraError`s that say what to do. */
export async function downloadFileAlone(source: HubSource, path: string, noun: string): Promise<Uint8Array> {
  const type = "model";
  const { downloadFile } = await import("@huggingface/hub");
  try {
    const revision = await commitOf(source, type);
    const content = await downloadFile({ ...hubParameters(source, type), path, revision }).catch((error: unknown) => {
      // The repository is there, so it is the file that is not.
      if (statusOf(error) === 404) return null;
      throw error;
    });
    if (content === null) throw new NotFoundError(`${source.id} has no ${path}`);
    return new Uint8Array(await content.arrayBuffer());
  } catch (error) {
    throw explain(error, source, { noun, type });
  }
}

/**
 * Downloads what is missing of a repository, and returns its snapshot folder.
 * Throws `BloraError`s that say what to do.
 */
export async function downloadRepository(
  source: HubSource,
  content: RepositoryContent,
  cache: RepositoryCache,
  onProgress: (progress: DownloadProgress) => void,
): Promise<string> {
  // Imported here so that local folders do not wait for it.
  const { downloadFile, listFiles } = await import("@huggingface/hub");
  let commit: string | undefined;
  try {
    const { repo, ...request } = hubParameters(source, content.type);
    commit = await commitOf(source, content.type);
    const listed = new Map<string, RemoteFile>();
    for await (const { type, path, size, oid, lfs } of listFiles({ ...request, repo, revision: commit })) {
      const etag = lfs?.oid ?? oid ?? "";
      // The content's name becomes a file name in the cache.
      if (type !== "file" || !ETAG.test(etag)) continue;
      listed.set(path, { path, size: lfs?.size ?? size, etag, sha256: lfs?.oid });
    }
    const names = new Set(listed.keys());
    const chosen = content.choose(names, source.id);
    // Which files of a model belong together, its own files say.
    if (content.type === "dataset") await cache.writeNames(commit, names);
    for (const path of chosen) {
      const file = listed.get(path)!;
      if (await cache.restore(commit, file)) continue;
      const blob = await downloadFile({ ...request, repo, path, revision: commit });
      if (blob === null) throw new NotFoundError(`${source.id} lists ${path} but does not serve it`);
      const contentFrom = (start: number) => resumedContent(blob, source.retry, start);
      await cache.store(commit, file, contentFrom, (bytes) => onProgress({ file: path, bytes, total: file.size }));
    }
    await cache.writeRevision(source.revision, commit);
    return cache.snapshotFolder(commit);
  } catch (error) {
    throw explain(error, source, content, commit);
  }
}

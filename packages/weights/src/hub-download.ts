import { BloraError, InvalidInputError, type JsonObject, NotFoundError } from "@blora/spec";
import { pickleAdvice, SINGLE_FILE } from "./checkpoint-files.ts";
import type { RemoteFile, RepositoryCache } from "./hub-cache.ts";
import { parseStrictJson } from "./strict-json.ts";

/** Where a model is downloaded from. */
export interface HubSource {
  readonly id: string;
  readonly revision: string;
  readonly hubUrl: string;
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
}

/** How far a download is. */
export interface DownloadProgress {
  readonly file: string;
  /** Bytes received. */
  readonly bytes: number;
  /** Bytes of the file. */
  readonly total: number;
}

/** Files a tokenizer is made from. */
export const TOKENIZER_FILES: ReadonlySet<string> = new Set([
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "spm.model",
  "tokenizer.model",
  "vocab.json",
  "vocab.txt",
  "merges.txt",
]);
const CONFIG = "config.json";
const COMMIT = /^[0-9a-f]{40}$/;
const ETAG = /^[0-9a-f]{16,128}$/;

const hubParameters = ({ id, hubUrl, token, fetch }: HubSource) => ({
  repo: { type: "model" as const, name: id },
  hubUrl,
  fetch,
  ...(token === undefined ? {} : { accessToken: token }),
});

/** The messages of an error and of what caused it: `fetch` hides the reason one level down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function statusOf(error: unknown): unknown {
  return (error as { statusCode?: unknown }).statusCode;
}

/** Puts a failed request in words. Errors that already are ours pass. */
function explain(error: unknown, { id, revision, hubUrl, token }: HubSource): BloraError {
  if (BloraError.isInstance(error)) return error;
  const status = statusOf(error);
  const options = { cause: error };
  if (status === 404) {
    return new NotFoundError(
      `${hubUrl} has no model ${id} at revision ${revision}. Is the name spelled right?`,
      options,
    );
  }
  if (status === 401 || status === 403) {
    const advice =
      token === undefined
        ? "Set HF_TOKEN to a token that may read it."
        : "Accept its terms on its page, or use another token.";
    return new InvalidInputError(`${hubUrl} does not show ${id}: it is gated, private or absent. ${advice}`, options);
  }
  if (typeof status === "number") return new BloraError(`${hubUrl} answered ${status} to a request for ${id}`, options);
  return new BloraError(`Cannot download ${id} from ${hubUrl}: ${reasonOf(error)}`, options);
}

/** True for an error of the connection rather than an answer of the Hub. */
export const isConnectionError = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof TypeError && error.cause.message === "fetch failed";

/** Weights and tokenizer, `config.json` last: where it is, all the others are. */
function chooseFiles(files: readonly RemoteFile[], { id }: HubSource): RemoteFile[] {
  const names = new Set(files.map(({ path }) => path));
  const isWeights = (path: string): boolean =>
    names.has(SINGLE_FILE)
      ? path === SINGLE_FILE
      : /^[\w.-]+\.safetensors$/.test(path) || path === `${SINGLE_FILE}.index.json`;
  const weights = files.filter(({ path }) => isWeights(path));
  if (weights.length === 0) {
    const hasPickle = [...names].some((path) => /\.(?:bin|pt|ckpt)$/.test(path));
    if (hasPickle) {
      throw new InvalidInputError(`${id} ${pickleAdvice(id)}; or name a revision that has model.safetensors`);
    }
    throw new NotFoundError(`${id} has no weights: expected ${SINGLE_FILE} or ${SINGLE_FILE}.index.json`);
  }
  const config = files.filter(({ path }) => path === CONFIG);
  if (config.length === 0) throw new NotFoundError(`${id} has no ${CONFIG}`);
  return [...files.filter(({ path }) => TOKENIZER_FILES.has(path)), ...weights, ...config];
}

/** The commit that a branch or tag stands for now. */
async function commitOf(source: HubSource): Promise<string> {
  const { modelInfo } = await import("@huggingface/hub");
  const { repo: _, ...request } = hubParameters(source);
  const { id: name, revision } = source;
  const { sha } = await modelInfo({ ...request, name, revision, additionalFields: ["sha"] });
  if (COMMIT.test(sha)) return sha;
  throw new BloraError(`${source.hubUrl} gave no commit for ${name}`);
}

/** A model's `config.json` alone, kept nowhere. Throws `BloraError`s that say what to do. */
export async function downloadConfig(source: HubSource): Promise<JsonObject> {
  const { downloadFile } = await import("@huggingface/hub");
  let bytes: ArrayBuffer | undefined;
  try {
    const revision = await commitOf(source);
    const content = await downloadFile({ ...hubParameters(source), path: CONFIG, revision }).catch((error: unknown) => {
      // The model is there, so it is the file that is not.
      if (statusOf(error) === 404) return null;
      throw error;
    });
    bytes = await content?.arrayBuffer();
  } catch (error) {
    throw explain(error, source);
  }
  if (bytes === undefined) throw new NotFoundError(`${source.id} has no ${CONFIG}`);
  return parseStrictJson(new Uint8Array(bytes), { origin: `${CONFIG} of ${source.id}` }) as JsonObject;
}

/**
 * Downloads what is missing of a model's weights, configuration and tokenizer,
 * and returns its snapshot folder. Throws `BloraError`s that say what to do.
 */
export async function downloadModel(
  source: HubSource,
  cache: RepositoryCache,
  onProgress: (progress: DownloadProgress) => void,
): Promise<string> {
  // Imported here so that local folders do not wait for it.
  const { downloadFile, listFiles } = await import("@huggingface/hub");
  try {
    const { repo, ...request } = hubParameters(source);
    const commit = await commitOf(source);
    const listed: RemoteFile[] = [];
    for await (const { type, path, size, oid, lfs } of listFiles({ ...request, repo, revision: commit })) {
      const etag = lfs?.oid ?? oid ?? "";
      // The content's name becomes a file name in the cache.
      if (type !== "file" || !ETAG.test(etag)) continue;
      listed.push({ path, size: lfs?.size ?? size, etag, sha256: lfs?.oid });
    }
    for (const file of chooseFiles(listed, source)) {
      if (await cache.restore(commit, file)) continue;
      const content = await downloadFile({ ...request, repo, path: file.path, revision: commit });
      if (content === null) throw new NotFoundError(`${source.id} lists ${file.path} but does not serve it`);
      await cache.store(commit, file, content, (bytes) => onProgress({ file: file.path, bytes, total: file.size }));
    }
    await cache.writeRevision(source.revision, commit);
    return cache.snapshotFolder(commit);
  } catch (error) {
    throw explain(error, source);
  }
}

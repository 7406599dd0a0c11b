import { BloraError, InvalidInputError } from "@blora/spec";
import { connect, type HubConnection, type HubOptions, statusOf } from "./connection.ts";
import { isOffline } from "./environment.ts";

/** One file that goes out. */
export interface PublishedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** A text in each file of this path that publishing made. One in the repository that lacks it is its author's own, and stays. */
  readonly mark?: string;
}

export interface HubTarget extends HubOptions {
  /** `org/name` */
  readonly repository: string;
  readonly isPrivate?: boolean;
  /** Told in a sentence which files of the repository stay. */
  readonly onNote?: (note: string) => void;
}

const REPOSITORY = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9_][\w.-]{0,95}$/;

/**
 * Puts the files into a model repository of the Hub in one commit, and makes
 * the repository where there is none. Large files that an interrupted attempt
 * already stored are not sent again, and a file that somebody else wrote stays, see `PublishedFile.mark`.
 *
 * @returns address of the commit
 * @throws InvalidInputError for a wrong name, no token, or one that may not write there
 * @throws BloraError where the Hub does not take the files
 */
export async function publishToHub(files: readonly PublishedFile[], target: HubTarget): Promise<string> {
  const { repository } = target;
  const { hubUrl, token, fetch } = openTarget(target);
  const { commit, createRepo, downloadFile, repoExists } = await import("@huggingface/hub");
  const request = {
    repo: { type: "model" as const, name: repository },
    hubUrl,
    accessToken: token,
    fetch,
  };
  try {
    const isNew = await createRepo({ ...request, ...(target.isPrivate && { visibility: "private" as const }) }).then(
      () => true,
      (error: unknown) => refuseButExisting(error, () => repoExists(request)),
    );
    const kept = isNew ? [] : await authorsOwn(files, (path) => downloadFile({ ...request, path }));
    for (const path of kept) target.onNote?.(`${repository} has a ${path} of its own, which stays as it is.`);
    const made = await commit({
      ...request,
      title: "Publish adapter",
      useXet: false,
      operations: files
        .filter(({ path }) => !kept.includes(path))
        .map(({ path, bytes }) => ({
          operation: "addOrUpdate" as const,
          path,
          content: new Blob([Uint8Array.from(bytes)]),
        })),
    });
    return made?.commit.url ?? `${hubUrl}/${repository}`;
  } catch (error) {
    throw explain(error, repository, { hubUrl, token });
  }
}

/**
 * Checks what can be known before there is anything to publish: that the name may be one, and, but for a dry run, that
 * there is a token.
 *
 * @throws InvalidInputError as `publishToHub` does for these
 */
export function checkHubTarget(target: HubTarget, isDryRun: boolean): void {
  if (isDryRun) checkName(target);
  else openTarget(target);
}

function checkName({ repository }: HubTarget): void {
  if (REPOSITORY.test(repository) && !/\.\.|--/.test(repository)) return;
  throw new InvalidInputError(`Expected a repository such as org/name, found ${JSON.stringify(repository)}.`);
}

function openTarget(target: HubTarget): HubConnection & { readonly token: string } {
  checkName(target);
  if (isOffline(target.environment ?? process.env)) {
    throw new InvalidInputError(
      `Cannot publish ${target.repository}: offline mode forbids it. Unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE.`,
    );
  }
  const { token, ...connection } = connect(target);
  if (token !== undefined) return { ...connection, token };
  throw new InvalidInputError("Expected a token with write access in HF_TOKEN, or of hf auth login, found none.");
}

/** Whether the repository is new: it is there already. A token for it alone may make none, and is told so first. */
async function refuseButExisting(error: unknown, exists: () => Promise<boolean>): Promise<false> {
  const status = statusOf(error);
  const isThere = status === 409 || ((status === 401 || status === 403) && (await exists().catch(() => false)));
  if (!isThere) throw error;
  return false;
}

/** Paths of files that are in the repository without the mark of those that publishing makes. */
async function authorsOwn(
  files: readonly PublishedFile[],
  download: (path: string) => Promise<Blob | null>,
): Promise<readonly string[]> {
  const own: string[] = [];
  for (const { path, mark } of files) {
    if (mark === undefined) continue;
    const there = await download(path).catch((error: unknown) => {
      if (statusOf(error) === 404) return null;
      throw error;
    });
    if (there !== null && !(await there.text()).includes(mark)) own.push(path);
  }
  return own;
}

/** A failure in words. The token is in none of them, whatever the server echoed. */
function explain(
  error: unknown,
  repository: string,
  { hubUrl, token }: { readonly hubUrl: string; readonly token: string },
): BloraError {
  if (BloraError.isInstance(error)) return error;
  const status = statusOf(error);
  if (status === 401)
    return new InvalidInputError(`${hubUrl} does not know this token. Make one with write access and set HF_TOKEN.`);
  if (status === 403)
    return new InvalidInputError(
      `${hubUrl} does not let this token write to ${repository}. Use one with write access to it.`,
    );
  const { message, cause } = error as Error;
  const reason = (cause instanceof Error ? `${message}: ${cause.message}` : message).replaceAll(token, "(token)");
  const answer = status === undefined ? "could not be reached" : `answered ${status}`;
  return new BloraError(`${hubUrl} ${answer} while ${repository} was published, and nothing was committed: ${reason}`);
}

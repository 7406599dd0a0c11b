import { BloraError, InvalidInputError } from "@blora/spec";
import { connect, type HubConnection, type HubOptions } from "./connection.ts";
import { isOffline } from "./environment.ts";

/** One file that goes out. */
export interface PublishedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface HubTarget extends HubOptions {
  /** `org/name` */
  readonly repository: string;
  readonly isPrivate?: boolean;
}

const REPOSITORY = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9_][\w.-]{0,95}$/;

/**
 * Puts the files into a model repository of the Hub in one commit, and makes
 * the repository where there is none. Large files that an interrupted attempt
 * already stored are not sent again.
 *
 * @returns address of the commit
 * @throws InvalidInputError for a wrong name, no token, or one that may not write there
 * @throws BloraError where the Hub does not take the files
 */
export async function publishToHub(files: readonly PublishedFile[], target: HubTarget): Promise<string> {
  const { repository } = target;
  const { hubUrl, token, fetch } = openTarget(target);
  const { commit, createRepo } = await import("@huggingface/hub");
  const request = {
    repo: { type: "model" as const, name: repository },
    hubUrl,
    accessToken: token,
    fetch,
  };
  try {
    await createRepo({ ...request, ...(target.isPrivate && { visibility: "private" as const }) }).catch(ignoreExisting);
    const made = await commit({
      ...request,
      title: "Publish adapter",
      useXet: false,
      operations: files.map(({ path, bytes }) => ({
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

function ignoreExisting(error: unknown): void {
  if (statusOf(error) !== 409) throw error;
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : undefined;
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

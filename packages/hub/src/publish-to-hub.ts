import { BloraError, InvalidInputError } from "@blora/spec";
import { type RetryOptions, retryingFetch } from "./retrying-fetch.ts";

/** One file that goes out. */
export interface PublishedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface HubTarget {
  /** `org/name` */
  readonly repository: string;
  /** Never shown, logged or written. */
  readonly token: string;
  /** Default `https://huggingface.co`. */
  readonly hubUrl?: string;
  readonly isPrivate?: boolean;
  readonly fetch?: typeof fetch;
  readonly retry?: RetryOptions;
}

const RETRY: RetryOptions = { attempts: 5, firstWaitMilliseconds: 1000 };
const REPOSITORY = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9_][\w.-]{0,95}$/;

/**
 * Puts the files into a model repository of the Hub in one commit, and makes
 * the repository where there is none. Large files that an interrupted attempt
 * already stored are not sent again.
 *
 * @returns address of the commit
 * @throws InvalidInputError for a wrong name or a token that may not write there
 * @throws BloraError where the Hub does not take the files
 */
export async function publishToHub(files: readonly PublishedFile[], target: HubTarget): Promise<string> {
  const { repository, token, hubUrl = "https://huggingface.co" } = target;
  if (!REPOSITORY.test(repository) || /\.\.|--/.test(repository)) {
    throw new InvalidInputError(`Expected a repository such as org/name, found ${JSON.stringify(repository)}.`);
  }
  if (!token.startsWith("hf_")) throw new InvalidInputError('Expected a token that starts with "hf_".');
  const { commit, createRepo } = await import("@huggingface/hub");
  const request = {
    repo: { type: "model" as const, name: repository },
    hubUrl: hubUrl.replace(/\/+$/, ""),
    accessToken: token,
    fetch: retryingFetch(target.fetch ?? fetch, target.retry ?? RETRY),
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
    return made?.commit.url ?? `${request.hubUrl}/${repository}`;
  } catch (error) {
    throw explain(error, target);
  }
}

function ignoreExisting(error: unknown): void {
  if (statusOf(error) !== 409) throw error;
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : undefined;
}

/** A failure in words. The token is in none of them, whatever the server echoed. */
function explain(error: unknown, { repository, token, hubUrl = "https://huggingface.co" }: HubTarget): BloraError {
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

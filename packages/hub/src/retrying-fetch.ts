import { setTimeout as sleep } from "node:timers/promises";

/** Answers that a later attempt may get otherwise. */
export const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Reasons of a connection that broke off. Where there is none at all, asking again in a moment does not help. */
const CUT: ReadonlySet<unknown> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);
const LONGEST_WAIT_MILLISECONDS = 60_000;

export interface RetryOptions {
  /** Requests made at most, the first included. */
  readonly attempts: number;
  /** Wait before the second; doubles from then on, unless the server says how long. */
  readonly firstWaitMilliseconds: number;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** `fetch` that asks again where the connection is cut or the server is busy, a bounded number of times. */
export function retryingFetch(inner: typeof fetch, options: RetryOptions): typeof fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= options.attempts;
      try {
        const response = await inner(input, init);
        if (isLast || !TRANSIENT.has(response.status)) return response;
        await response.body?.cancel();
        await waitAfter(attempt, options, retryAfter(response));
      } catch (error) {
        if (isLast || !isCut(error)) throw error;
        await waitAfter(attempt, options);
      }
    }
  };
}

/**
 * The bytes of a file from `start` on. Where the connection breaks off in the middle, the rest is asked for, a bounded
 * number of times.
 */
export async function* resumedContent(
  file: Blob,
  options: RetryOptions,
  start: number,
): AsyncGenerator<Uint8Array, void> {
  let received = start;
  for (let attempt = 1; received < file.size; attempt++) {
    try {
      const rest = received === 0 ? file : file.slice(received);
      for await (const chunk of rest.stream()) {
        received += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (attempt >= options.attempts || !isCut(error)) throw error;
    }
    await waitAfter(attempt, options);
  }
}

/** `fetch` throws a TypeError where there is no answer, or no end of one, with the reason as its cause. */
function isCut(error: unknown): boolean {
  return error instanceof TypeError && CUT.has((error.cause as { readonly code?: unknown } | undefined)?.code);
}

async function waitAfter(attempt: number, options: RetryOptions, asked?: number): Promise<void> {
  const wait = options.wait ?? sleep;
  const milliseconds = asked ?? options.firstWaitMilliseconds * 2 ** (attempt - 1);
  await wait(Math.min(LONGEST_WAIT_MILLISECONDS, milliseconds));
}

/** Milliseconds to wait, of a header that holds seconds or a date. */
function retryAfter(response: Response): number | undefined {
  const header = response.headers.get("Retry-After")?.trim();
  if (!header) return undefined;
  // A date is of the server's clock, and so is the one it answered at.
  const answered = Date.parse(response.headers.get("Date") ?? "") || Date.now();
  const milliseconds = /^\d+(?:\.\d+)?$/.test(header) ? 1000 * Number(header) : Date.parse(header) - answered;
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}

/** Answers that a later attempt may get otherwise. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
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
  const wait = options.wait ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= options.attempts;
      const backoff = options.firstWaitMilliseconds * 2 ** (attempt - 1);
      try {
        const response = await inner(input, init);
        if (isLast || !TRANSIENT.has(response.status)) return response;
        await response.body?.cancel();
        await wait(Math.min(LONGEST_WAIT_MILLISECONDS, retryAfter(response) ?? backoff));
      } catch (error) {
        // `fetch` throws a TypeError where there is no answer at all.
        if (isLast || !(error instanceof TypeError)) throw error;
        await wait(backoff);
      }
    }
  };
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? 1000 * seconds : undefined;
}

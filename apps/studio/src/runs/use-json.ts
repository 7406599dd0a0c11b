import { useEffect, useState } from "preact/hooks";

export interface Loaded<Value> {
  readonly value?: Value;
  /** Why there is none, or why it is no longer fresh. */
  readonly error?: string;
}

/**
 * What the server answers, asked for again and again while the page is seen.
 *
 * @param every milliseconds; once only where it is absent
 */
export function useJson<Value>(address: string, every?: number): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({});
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      if (!document.hidden) {
        try {
          const value = (await fetchJson(address, gone.signal)) as Value;
          setLoaded({ value });
        } catch (error) {
          if (gone.signal.aborted) return;
          setLoaded((before) => ({ ...before, error: (error as Error).message }));
        }
      }
      if (every !== undefined && !gone.signal.aborted) timer = setTimeout(ask, every);
    };
    void ask();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [address, every]);
  return loaded;
}

/** @throws Error with a sentence where there is no such answer */
export async function fetchJson(address: string, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(address, { signal: signal ?? null }).catch((error) => {
    throw signal?.aborted ? error : new Error("The server does not answer: it was ended, or is out of reach.");
  });
  if (!response.headers.get("content-type")?.startsWith("application/json")) {
    const isAnswer = response.headers.get("content-type")?.startsWith("text/plain");
    throw new Error(isAnswer ? (await response.text()).trim() : NO_RUNS);
  }
  return response.json();
}

/** A host of files alone has no runs. */
const NO_RUNS = "Only files are served here, no runs. On your machine, npx blora studio shows those of your disk.";

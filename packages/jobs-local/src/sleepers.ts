/** Those who wait for something to do. */
export interface Sleepers {
  /** How often `wake` was called. */
  calls(): number;
  /** Until there are more calls than `since`, the signal or the end of the time, whichever comes first. */
  sleep(milliseconds: number, signal: AbortSignal, since: number): Promise<void>;
  wake(): void;
}

export function createSleepers(): Sleepers {
  const sleeping = new Set<() => void>();
  let calls = 0;
  return {
    calls: () => calls,
    sleep: (milliseconds, signal, since) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          sleeping.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, milliseconds);
        sleeping.add(wake);
        signal.addEventListener("abort", wake);
        if (signal.aborted || calls > since) wake();
      }),
    wake() {
      calls += 1;
      for (const wake of [...sleeping]) wake();
    },
  };
}

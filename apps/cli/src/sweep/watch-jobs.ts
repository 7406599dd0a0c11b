import type { Job, JobEngine, JobEvent } from "@blora/spec";

/** Between two submissions of what is left, which cure a queue that was lost. */
const AGAIN_MILLISECONDS = 30_000;

/** Sees to it that all jobs come to their end, until the signal, which closes the engine. Whoever does them goes on without it. */
export async function watchJobs(
  engine: JobEngine,
  left: readonly Job[],
  { signal, onEvent }: { readonly signal: AbortSignal; onEvent(event: JobEvent, job: Job): Promise<void> },
): Promise<void> {
  const open = new Map(left.map((job) => [job.id, job]));
  if (open.size === 0 || signal.aborted) return;
  const again = setInterval(() => {
    // Where the server does not answer, the next one will do.
    void engine.submit([...open.values()]).catch(() => undefined);
  }, AGAIN_MILLISECONDS);
  const close = (): void => void engine.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    for await (const event of engine.events()) {
      const job = open.get(event.id);
      if (job === undefined) continue;
      if (isEnd(event)) open.delete(event.id);
      await onEvent(event, job);
      if (open.size === 0) return;
    }
  } finally {
    clearInterval(again);
    signal.removeEventListener("abort", close);
  }
}

function isEnd({ type }: JobEvent): boolean {
  return type === "done" || type === "failed" || type === "cancelled";
}

import { Worker, type WorkerOptions } from "node:worker_threads";
import { restoreError, type WorkerMessage, type WorkerStart } from "./protocol.ts";

export interface RunInWorkerOptions<Event> {
  onEvent?(event: Event): void;
  /** Aborting asks the worker to stop between steps; it still returns a result. */
  readonly signal?: AbortSignal;
  /** Node options of the thread, such as a loader. */
  readonly execArgv?: WorkerOptions["execArgv"];
}

/**
 * Runs a module that calls `serveWorker` in a thread of its own and returns
 * its result. Everything that crosses is plain data.
 *
 * @param entry the module
 * @param data what `serveWorker`'s function receives
 * @throws the worker's error; errors of this project keep their class
 */
export function runInWorker<Result, Event = unknown>(
  entry: URL,
  data: unknown,
  { onEvent, signal, execArgv }: RunInWorkerOptions<Event> = {},
): Promise<Result> {
  const stopFlag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const requestStop = (): void => void Atomics.store(stopFlag, 0, 1);
  if (signal?.aborted) requestStop();
  signal?.addEventListener("abort", requestStop, { once: true });

  const start: WorkerStart = { data, stopFlag };
  const worker = new Worker(entry, { workerData: start, ...(execArgv && { execArgv }) });
  return new Promise<Result>((resolve, reject) => {
    worker.on("message", (message: WorkerMessage<Result, Event>) => {
      if (message.kind === "event") onEvent?.(message.event);
      else if (message.kind === "result") resolve(message.result);
      else reject(restoreError(message.error));
    });
    worker.on("error", reject);
    // Does nothing where a result or an error came first.
    worker.on("exit", (code) => reject(new Error(`The worker ended with exit code ${code} and without a result.`)));
  }).finally(async () => {
    signal?.removeEventListener("abort", requestStop);
    await worker.terminate();
  });
}

import { parentPort, workerData } from "node:worker_threads";
import { BloraError } from "@blora/spec";
import { storeError, type WorkerMessage, type WorkerStart } from "./protocol.ts";

/** What the code in a worker may do besides computing. */
export interface WorkerHost<Event> {
  emit(event: Event): void;
  shouldStop(): boolean;
}

/**
 * Called once by the entry module of `runInWorker`: computes and hands back
 * the result or the error.
 *
 * @example serveWorker((data: Job, { emit, shouldStop }) => train({ ...partsOf(data), onEvent: emit, shouldStop }));
 */
export async function serveWorker<Data, Result, Event>(
  work: (data: Data, host: WorkerHost<Event>) => Promise<Result>,
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new BloraError("serveWorker must be called in a thread that runInWorker started.");
  const post = (message: WorkerMessage<Result, Event>): void => port.postMessage(message);
  const { data, stopFlag } = workerData as WorkerStart;
  try {
    const result = await work(data as Data, {
      emit: (event) => post({ kind: "event", event }),
      shouldStop: () => Atomics.load(stopFlag, 0) === 1,
    });
    post({ kind: "result", result });
  } catch (error) {
    post({ kind: "error", error: storeError(error) });
  }
}

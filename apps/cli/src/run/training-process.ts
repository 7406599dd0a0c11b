import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BloraError } from "@blora/spec";
import type { RunEvent, RunSummary } from "@blora/trainer";
import { trainingEnvironment } from "./allocator.ts";
import type { TrainingJob } from "./training-thread.ts";

export type ToTrainingProcess = { readonly kind: "start"; readonly job: TrainingJob } | { readonly kind: "stop" };

export type FromTrainingProcess =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "result"; readonly summary: RunSummary }
  | { readonly kind: "error"; readonly message: string };

/**
 * Trains in a process of its own: a step blocks no one who shows progress, memory
 * is that of this run alone, and a crash of native code ends nothing else. Aborting finishes the step,
 * saves and returns an interrupted summary.
 *
 * @throws BloraError with the run's own message, or saying how the process ended
 */
export function trainInProcess(
  job: TrainingJob,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<RunSummary> {
  const child = fork(fileURLToPath(new URL("./training-process.js", import.meta.url)), {
    serialization: "advanced",
    env: trainingEnvironment(),
  });
  const send = (message: ToTrainingProcess): void => void (child.connected && child.send(message));
  const stop = (): void => send({ kind: "stop" });
  send({ kind: "start", job });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return new Promise<RunSummary>((resolve, reject) => {
    let answer: Exclude<FromTrainingProcess, { kind: "event" }> | undefined;
    child.on("message", (message: FromTrainingProcess) => {
      if (message.kind === "event") onEvent(message.event);
      else answer = message;
    });
    child.on("error", reject);
    child.on("exit", (code, killer) => {
      if (answer?.kind === "result") return resolve(answer.summary);
      const ending = `The training process ended ${killer === null ? `with status ${code}` : `by ${killer}`}.`;
      reject(new BloraError(answer?.message ?? ending));
    });
  }).finally(() => signal.removeEventListener("abort", stop));
}

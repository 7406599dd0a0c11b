import { describeFailure } from "./exit.ts";
import type { FromTrainingProcess, ToTrainingProcess } from "./run/training-process.ts";
import { trainInThread } from "./run/training-thread.ts";

const controller = new AbortController();

// An interrupt on the terminal reaches every process of the sweep: the parent decides and says so.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
process.on("disconnect", () => controller.abort());

process.on("message", async (message: ToTrainingProcess) => {
  if (message.kind === "stop") return controller.abort();
  const send = (answer: FromTrainingProcess): void => void (process.connected && process.send!(answer));
  try {
    const summary = await trainInThread(message.job, (event) => send({ kind: "event", event }), controller.signal);
    send({ kind: "result", summary });
  } catch (error) {
    send({ kind: "error", message: describeFailure(error).message ?? String(error) });
  }
  if (process.connected) process.disconnect();
});

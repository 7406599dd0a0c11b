import { loadCharts } from "@blora/report";
import type { Job } from "./jobs/job.ts";
import { jobs } from "./jobs/jobs.ts";
import { type FromChild, storeError, type ToChild } from "./run/child-messages.ts";
import { onStopSignal } from "./run/stop-signals.ts";

let stopsItself = false;
let isStopping = false;

// An interrupt on the terminal reaches every process of a command: the parent decides, and says so.
onStopSignal(() => undefined);
// It may have been closed with the terminal, and what is under way is still saved.
process.stderr.on("error", () => undefined);

process.on("disconnect", () => {
  isStopping = true;
  if (!stopsItself) process.exit(1);
});

function send(message: FromChild, sent: () => void = () => {}): void {
  if (process.connected) process.send!(message, sent);
  else sent();
}

/** Tells how the job ended, and ends the process whatever native code would keep it. */
function end(answer: FromChild): void {
  process.removeAllListeners("disconnect");
  send(answer, () => process.exit());
}

process.on("uncaughtException", (error) => end({ kind: "error", error: storeError(error) }));

process.on("message", async (message: ToChild) => {
  if (message.kind === "stop") {
    isStopping = true;
    return;
  }
  if (message.kind === "prepare") {
    // What keeps charts from being drawn is said when they are.
    await loadCharts().catch(() => undefined);
    return;
  }
  const job = jobs[message.job] as Job<unknown, unknown, unknown>;
  try {
    const result = await job(message.input, {
      emit: (event) => send({ kind: "event", event } as FromChild),
      stopsItself(doing) {
        stopsItself = true;
        send({ kind: "stopsItself", doing });
      },
      shouldStop: () => isStopping,
    });
    end({ kind: "result", result } as FromChild);
  } catch (error) {
    end({ kind: "error", error: storeError(error) });
  }
});

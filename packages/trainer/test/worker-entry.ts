import { InvalidInputError } from "@blora/spec";
import { serveWorker } from "../src/worker/serve-worker.ts";

/** Counts until asked to stop, without ever giving its event loop a turn. */
await serveWorker(async ({ task }: { readonly task: string }, { emit, shouldStop }) => {
  if (task === "fail") throw new InvalidInputError("task: expected count, found fail.");
  if (task === "exit") process.exit(3);
  let count = 0;
  for (emit({ started: true }); !shouldStop(); ) count++;
  return { task, stopped: true, count };
});

import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { followMetrics, METRICS_FILE } from "@blora/runs";
import type { RunCatalogue } from "./run-catalogue.ts";

/** Rounds without news after which a comment shows that the connection lives. */
const ROUNDS_OF_SILENCE = 15;

/**
 * A run as server-sent events until the reader leaves: `run` with all of it, at first and wherever more than its log
 * changes, and `metrics` with what its log gains.
 *
 * @param interval milliseconds between two looks at the folder
 */
export async function sendRunEvents(
  folder: string,
  response: ServerResponse,
  catalogue: RunCatalogue,
  interval: number,
): Promise<void> {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const send = (event: string, data: object) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  let follower = followMetrics(join(folder, METRICS_FILE));
  let state: string | undefined;
  let silent = 0;
  while (!gone.signal.aborted) {
    const [current, change] = [await catalogue.stateOf(folder), await follower.read()];
    const { steps, evaluations, gates } = change.metrics;
    if (current !== state || change.isAnew) {
      // From the beginning, so that what is told next begins where this ends.
      follower = followMetrics(join(folder, METRICS_FILE));
      const { metrics } = await follower.read();
      const run = await catalogue.readRun(folder).catch(() => undefined);
      if (run === undefined) break;
      send("run", { ...run, ...metrics });
      state = current;
      silent = 0;
    } else if (steps.length + evaluations.length + gates.length > 0) {
      send("metrics", change.metrics);
      silent = 0;
    } else if (++silent % ROUNDS_OF_SILENCE === 0) {
      response.write(": nothing new\n\n");
    }
    await sleep(interval, undefined, { signal: gone.signal }).catch(() => undefined);
  }
  response.end();
}

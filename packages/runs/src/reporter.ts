import { join } from "node:path";
import type { EventListener } from "./events.ts";
import { openMetricsLog } from "./metrics-log.ts";
import { createReporter, type Reporter } from "./report-to.ts";
import { METRICS_FILE } from "./run-folder.ts";
import { openEventFile } from "./tensorboard/event-file.ts";

/** Opens the logs of a run that continues after `step`; -1 for a new one. */
export async function openReporter(runFolder: string, step: number, listener: EventListener): Promise<Reporter> {
  const metrics = await openMetricsLog(join(runFolder, METRICS_FILE), step);
  const board = openEventFile(runFolder, step + 1);
  return createReporter(listener, {
    metrics: metrics.write,
    board: board.write,
    close() {
      metrics.close();
      board.close();
    },
  });
}

import { open } from "node:fs/promises";
import type { Metrics } from "./metrics.ts";
import { readMetrics } from "./read-metrics.ts";

const NEWLINE = 0x0a;

/** What a log says since it was looked at before. */
export interface MetricsChange {
  /** Whether it was written anew, as by a run that goes on from a checkpoint: what it said before no longer holds. */
  readonly isAnew: boolean;
  readonly metrics: Metrics;
}

/** Looks at a log that grows. */
export interface MetricsFollower {
  read(): Promise<MetricsChange>;
}

/** Reads `metrics.jsonl` as it grows, whole lines alone; one that is not there is empty. */
export function followMetrics(path: string): MetricsFollower {
  let seen = "";
  let offset = 0;
  return {
    async read() {
      const file = await open(path, "r").catch(() => undefined);
      try {
        const stats = await file?.stat();
        const found = stats === undefined ? "" : `${stats.dev} ${stats.ino} ${stats.birthtimeMs}`;
        const size = stats?.size ?? 0;
        const isAnew = seen !== "" && (found !== seen || size < offset);
        if (isAnew) offset = 0;
        seen = found;
        const bytes = Buffer.alloc(size - offset);
        await file?.read(bytes, 0, bytes.length, offset);
        const end = bytes.lastIndexOf(NEWLINE) + 1;
        offset += end;
        return { isAnew, metrics: readMetrics(bytes.toString("utf8", 0, end)) };
      } finally {
        await file?.close();
      }
    },
  };
}

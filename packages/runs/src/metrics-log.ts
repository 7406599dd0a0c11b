import { openLogFile, readTextIfPresent, writeFileDurably } from "@blora/files";
import type { Json } from "@blora/spec";

/** One line of `metrics.jsonl`. */
export interface MetricsRecord {
  readonly step: number;
  readonly [key: string]: Json | undefined;
}

/** Appends records to `metrics.jsonl`. */
export interface MetricsLog {
  write(record: MetricsRecord): void;
  close(): void;
}

/** Opens a log that continues after `step`: lines of later steps, and a line cut off by a crash, are dropped. */
export async function openMetricsLog(path: string, step: number): Promise<MetricsLog> {
  const text = (await readTextIfPresent(path)) ?? "";
  const kept = text.split("\n").filter((line) => (stepOf(line) ?? Infinity) <= step);
  await writeFileDurably(path, kept.map((line) => `${line}\n`).join(""));
  const file = openLogFile(path);
  return { write: (record) => file.append(`${JSON.stringify(record)}\n`), close: file.close };
}

function stepOf(line: string): number | undefined {
  try {
    return (JSON.parse(line) as MetricsRecord).step;
  } catch {
    return undefined;
  }
}

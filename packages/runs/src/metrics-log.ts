import { closeSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { writeFileDurably } from "@blora/files";
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
  const text = await readFile(path, "utf8").catch(() => "");
  const kept = text.split("\n").filter((line) => (stepOf(line) ?? Infinity) <= step);
  await writeFileDurably(path, kept.map((line) => `${line}\n`).join(""));
  const file = openSync(path, "a");
  return {
    write: (record) => void writeSync(file, `${JSON.stringify(record)}\n`),
    close: () => closeSync(file),
  };
}

function stepOf(line: string): number | undefined {
  try {
    return (JSON.parse(line) as MetricsRecord).step;
  } catch {
    return undefined;
  }
}

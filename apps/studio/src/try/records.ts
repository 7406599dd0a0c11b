import type { LogLine } from "./messages.ts";

/** Beside the files of a checkpoint: what was logged until then, so that curves go on. */
export const RECORDS_FILE = "metrics.jsonl";

export function writeRecords(records: readonly LogLine[]): Uint8Array {
  return new TextEncoder().encode(records.map((record) => JSON.stringify(record)).join("\n"));
}

/** Of the files of a checkpoint; none where there is no checkpoint. */
export function readRecords(files: ReadonlyMap<string, Uint8Array> | undefined): LogLine[] {
  const text = new TextDecoder().decode(files?.get(RECORDS_FILE));
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as LogLine);
}

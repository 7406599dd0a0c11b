import { isEvaluation, isGateRecord, isStep } from "./file-schemas.ts";
import type { Metrics } from "./metrics.ts";

/** Sorts the lines of `metrics.jsonl` by what they record. A line cut off by a crash, or damaged, is left out. */
export function readMetrics(log: string): Metrics {
  const records = log.split("\n").flatMap(parseLine);
  return {
    steps: records.filter(isStep),
    evaluations: records.filter(isEvaluation),
    gates: records.filter(isGateRecord),
  };
}

function parseLine(line: string): object[] {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === "object" && record !== null ? [record] : [];
  } catch {
    return [];
  }
}

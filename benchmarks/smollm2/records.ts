import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { machine } from "@blora/runs";

/** Where every measurement on SmolLM2 is a line. */
const FILE = new URL("../results/smollm2.jsonl", import.meta.url);

/** Measurements by what they are of; none is repeated. */
export type Part = "greedy" | "mmlu" | "instruct" | "latency";

/** Lines of one kind, in the order they were measured. */
export function recordsOf<Result>(part: Part): (Result & { readonly key: string; readonly cpu: string })[] {
  if (!existsSync(FILE)) return [];
  const lines = readFileSync(FILE, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line)).filter((record) => record.part === part);
}

export function isMeasured(part: Part, key: string): boolean {
  return recordsOf(part).some((record) => record.key === key);
}

/** Appends a measurement with machine, day and commit. */
export function appendRecord(part: Part, key: string, result: object): void {
  appendFileSync(FILE, `${JSON.stringify({ part, key, ...result, ...machine() })}\n`);
}

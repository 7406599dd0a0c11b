import { join } from "node:path";
import { readJsonFileIfPresent, readTextIfPresent } from "@blora/files";
import { gatherResults } from "@blora/report";
import { readRecordParts } from "@blora/runs";
import type { SweepResults } from "@blora/studio";

/** Gathers the records of a sweep anew, priced as its own table is, damaged ones left out and named. */
export async function readSweep(folder: string): Promise<SweepResults> {
  const { records, problems } = await readRecordParts(folder);
  const title = /^# (.+)$/m.exec((await readTextIfPresent(join(folder, "results.md"))) ?? "")?.[1];
  return {
    title: title ?? "Results",
    results: gatherResults([...records.values()], await referenceOf(folder)),
    problems: problems.map(({ message }) => message.split("\n")[0]!),
  };
}

async function referenceOf(folder: string): Promise<string> {
  try {
    return String(readJsonFileIfPresent(join(folder, "results.json"))?.reference ?? "");
  } catch {
    return "";
  }
}

import { join } from "node:path";
import { readJsonFileIfPresent, readTextIfPresent } from "@blora/files";
import { gatherResults } from "@blora/report";
import { currentRecords, readRecordParts } from "@blora/runs";
import type { SweepResults } from "@blora/studio";
import { shownRows } from "../sweep/results-files.ts";

/** Gathers the records of a sweep anew, those of settings that its own table shows and priced as it is, damaged ones left out and named. */
export async function readSweep(folder: string): Promise<SweepResults> {
  const { records, problems } = await readRecordParts(folder);
  const title = /^# (.+)$/m.exec((await readTextIfPresent(join(folder, "results.md"))) ?? "")?.[1];
  return {
    title: title ?? "Results",
    results: gatherResults(currentRecords(records.values(), [], shownRows(folder)), await referenceOf(folder)),
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

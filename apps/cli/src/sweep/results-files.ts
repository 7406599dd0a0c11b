import { join } from "node:path";
import { readJsonFileIfPresent, writeFileDurably } from "@blora/files";
import { accuracyFront, gatherResults, type Results, resultsMarkdown } from "@blora/report";
import { currentRecords, type SweepRecord, type TableRow } from "@blora/runs";

const RESULTS_FILE = "results.json";

/** Writes `results.json`, `results.md` and, where there is something to draw, `front.svg`, see `currentRecords`. */
export async function writeResults(
  folder: string,
  records: Iterable<SweepRecord>,
  plan: readonly TableRow[],
  { title, reference }: { readonly title: string; readonly reference: string },
): Promise<Results> {
  const results = gatherResults(currentRecords(records, plan, shownRows(folder)), reference);
  await writeFileDurably(join(folder, RESULTS_FILE), `${JSON.stringify(results, null, 2)}\n`);
  await writeFileDurably(join(folder, "results.md"), resultsMarkdown(results, title));
  const front = await accuracyFront(results);
  if (front !== undefined) await writeFileDurably(join(folder, "front.svg"), front);
  return results;
}

/** Rows of the table that is there; none of one that cannot be read, which is written anew. */
export function shownRows(folder: string): readonly TableRow[] {
  try {
    return (readJsonFileIfPresent(join(folder, RESULTS_FILE)) as unknown as Results | undefined)?.rows ?? [];
  } catch {
    return [];
  }
}

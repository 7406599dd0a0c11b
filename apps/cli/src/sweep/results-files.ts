import { join } from "node:path";
import { writeFileDurably } from "@blora/files";
import { accuracyFront, gatherResults, type Results, resultsMarkdown } from "@blora/report";
import type { SweepRecord } from "@blora/runs";

/** Writes `results.json`, `results.md` and, where there is something to draw, `front.svg`. */
export async function writeResults(
  folder: string,
  records: readonly SweepRecord[],
  { title, reference }: { readonly title: string; readonly reference: string },
): Promise<Results> {
  const results = gatherResults(records, reference);
  await writeFileDurably(join(folder, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  await writeFileDurably(join(folder, "results.md"), resultsMarkdown(results, title));
  const front = await accuracyFront(results);
  if (front !== undefined) await writeFileDurably(join(folder, "front.svg"), front);
  return results;
}

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPORT_PAGE, reportHtml, reportMarkdown } from "@blora/report";
import type { RunFiles } from "@blora/runs";

/** Writes `report.html` and `report.md` of a run, with links to its siblings. */
export async function writeReport(run: RunFiles, siblings: readonly RunFiles[] = [run]): Promise<void> {
  await writeFile(join(run.folder, REPORT_PAGE), await reportHtml(run, siblings));
  await writeFile(join(run.folder, "report.md"), reportMarkdown(run, siblings));
}

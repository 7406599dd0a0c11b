import { join } from "node:path";
import { writeFileDurably } from "@blora/files";
import { REPORT_PAGE, reportHtml, reportMarkdown } from "@blora/report";
import { type RunFiles, readRun } from "@blora/runs";

/** Writes `report.html` and `report.md` of a run, with links to its siblings. */
export async function writeReport(run: RunFiles, siblings: readonly RunFiles[] = [run]): Promise<void> {
  await writeFileDurably(join(run.folder, "report.md"), reportMarkdown(run, siblings));
  await writeFileDurably(join(run.folder, REPORT_PAGE), await reportHtml(run, siblings));
}

/** Writes the report of a finished run. A run is not lost because its page could not be drawn: that is a warning. */
export async function drawReport(folder: string, onWarning: (message: string) => void): Promise<void> {
  try {
    await writeReport(await readRun(folder));
  } catch (error) {
    onWarning(`The report was not written: ${(error as Error).message}`);
  }
}

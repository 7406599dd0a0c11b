import { join, resolve } from "node:path";
import { REPORT_PAGE, reportMarkdown } from "@blora/report";
import { readRun } from "@blora/runs";
import type { Command } from "commander";
import { writeReport } from "../run/write-report.ts";

export function addReportCommand(program: Command): void {
  program
    .command("report")
    .argument("<runs...>", "run directories; several link to each other, as seeds do")
    .description("write report.html and report.md into run directories, and print the latter")
    .action(async (folders: readonly string[]) => {
      const runs = await Promise.all(folders.map((folder) => readRun(resolve(folder))));
      for (const run of runs) {
        await writeReport(run, runs);
        process.stdout.write(`${reportMarkdown(run, runs)}\npage: ${join(run.folder, REPORT_PAGE)}\n`);
      }
    });
}

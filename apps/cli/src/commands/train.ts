import { sitesPicture } from "@blora/report";
import type { RunSummary } from "@blora/trainer";
import type { Command } from "commander";
import { statusOfSignal } from "../exit.ts";
import { createProgress } from "../output/progress.ts";
import { summaryTable } from "../output/summary-table.ts";
import { type AdapterFlags, adapterFolder, addAdapterRevision } from "../run/adapter-folder.ts";
import { adapterSettings } from "../run/adapter-settings.ts";
import { type Ended, runInChild } from "../run/child.ts";
import type { RunSettings } from "../run/settings.ts";
import { addRunFlags, type RunFlags, runSettings } from "./run-flags.ts";

interface TrainFlags extends RunFlags, AdapterFlags {
  readonly out?: string;
  readonly adapter?: string;
  readonly overwrite?: boolean;
  readonly allowConfigChange?: boolean;
  readonly json?: boolean;
}

export function addTrainCommand(program: Command, exit: (status: number) => void): void {
  addAdapterRevision(addRunFlags(program.command("train")))
    .description("fine-tune a checkpoint; resumes the run in --out where there is one")
    .option("--out <folder>", "run directory (default: runs/<task>-<method>-<seed>)")
    .option(
      "--adapter <id|folder>",
      "go on from a trained adapter, of the Hub too; one of PEFT's is taken over by the method lora",
    )
    .option("--bops-target <share>", "share of LoRA's bit operations to end at, such as 0.03 (method blora)")
    .option("--overwrite", "remove an earlier run in --out first")
    .option("--allow-config-change", "resume although settings differ")
    .option("--json", "print one JSON line at the end instead of progress")
    .action(async (flags: TrainFlags, command: Command) => {
      const out = flags.out ?? `runs/${flags.task}-${flags.method}-${flags.seed ?? 42}`;
      const { result: summary, signal } = await trainOnce(await startingSettings(flags, out, command), {
        overwrite: flags.overwrite ?? false,
        allowConfigChange: flags.allowConfigChange ?? false,
        quiet: flags.json ?? false,
      });
      if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
      else process.stdout.write(describeSummary(summary, out));
      if (summary.interrupted) exit(statusOfSignal(signal));
    });
}

/** Settings of the flags; what they leave open is taken from the adapter to go on from. */
async function startingSettings(flags: TrainFlags, out: string, command: Command): Promise<RunSettings> {
  if (flags.adapter === undefined) return runSettings(flags, out);
  const adapter = await adapterFolder(flags.adapter, flags);
  const { baseModel, method } = await adapterSettings(adapter);
  const settings = runSettings(
    { ...flags, ...(flags.model === undefined && baseModel !== undefined && { model: baseModel }) },
    out,
  );
  const isMethodGiven = command.getOptionValueSource("method") === "cli";
  return { ...settings, adapter, ...(isMethodGiven ? {} : { method }) };
}

export interface TrainOptions {
  readonly overwrite: boolean;
  readonly allowConfigChange: boolean;
  readonly quiet: boolean;
}

/** Trains in a process of its own, with progress on standard error. */
export function trainOnce(
  settings: RunSettings,
  { overwrite, allowConfigChange, quiet }: TrainOptions,
): Promise<Ended<RunSummary>> {
  const progress = createProgress({ isTTY: process.stderr.isTTY, write: (text) => process.stderr.write(text) });
  return runInChild("training", { settings, overwrite, allowConfigChange }, quiet ? {} : { onEvent: progress });
}

function describeSummary(summary: RunSummary, out: string): string {
  const warnings = summary.warnings.map((warning) => `warning: ${warning}\n`).join("");
  const picture = sitesPicture(summary, Math.max(1, ...Object.values(summary.ranks)));
  return `\n${summaryTable([summary])}\n\n${picture}\n\n${warnings}adapter: ${out}/adapter\n`;
}

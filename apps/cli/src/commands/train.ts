import { join, relative } from "node:path";
import { sitesPicture } from "@blora/report";
import { shellWord } from "@blora/spec";
import type { Command } from "commander";
import { statusOfSignal } from "../exit.ts";
import type { TrainingInput, TrainingResult } from "../jobs/train.ts";
import { inFlags } from "../output/in-flags.ts";
import { createProgress } from "../output/progress.ts";
import { summaryTable } from "../output/summary-table.ts";
import { type AdapterFlags, addAdapterRevision } from "../run/adapter-folder.ts";
import { type Ended, runInChild } from "../run/child.ts";
import { checkPush, type PushFlags, pushToHub } from "../run/push-to-hub.ts";
import type { RunRequest } from "../run/request.ts";
import { positiveNumber } from "./number-flags.ts";
import { addRunFlags } from "./run-flags.ts";

interface TrainFlags extends RunRequest, AdapterFlags, PushFlags {
  readonly adapter?: string;
  readonly overwrite?: boolean;
  readonly allowConfigChange?: boolean;
  readonly json?: boolean;
}

export function addTrainCommand(program: Command, exit: (status: number) => void): void {
  addAdapterRevision(addRunFlags(program.command("train")))
    .description("fine-tune a checkpoint; resumes the run in --out where there is one")
    .option("--out <folder>", "run directory (default: runs/[<model>-]<task>-<method>-<seed>)")
    .option(
      "--adapter <id|folder>",
      "go on from a trained adapter, of the Hub too; one of PEFT's is taken over by the method lora",
    )
    .option(
      "--bops-target <share>",
      "share of LoRA's bit operations to end at, such as 0.03 (method blora)",
      positiveNumber,
    )
    .option("--overwrite", "remove an earlier run in --out first")
    .option("--allow-config-change", "resume although settings differ")
    .option("--push-to-hub <org/name>", "publish the adapter there once it is trained, as blora publish does")
    .option("--private", "push-to-hub: make a new repository private")
    .option("--push-dry-run", "push-to-hub: show every file that would go out, and send nothing")
    .option("--json", "print one JSON line at the end instead of progress")
    .action(async (flags: TrainFlags) => {
      const { pushToHub: repository, private: isPrivate, pushDryRun, ...rest } = flags;
      const { adapter, overwrite = false, allowConfigChange = false, json = false, ...request } = rest;
      const push = { pushToHub: repository, private: isPrivate, pushDryRun };
      checkPush(push);
      const { result, signal } = await trainOnce({ request, adapter, overwrite, allowConfigChange }, json);
      process.stdout.write(json ? `${JSON.stringify(result.summary)}\n` : describeSummary(result));
      if (result.summary.interrupted) exit(statusOfSignal(signal));
      else (json ? process.stderr : process.stdout).write(await pushToHub(shown(result.out), push));
    });
}

/** Trains in a process of its own, with progress on standard error. */
export function trainOnce(input: TrainingInput, quiet: boolean): Promise<Ended<TrainingResult>> {
  const progress = createProgress({ isTTY: process.stderr.isTTY, write: (text) => process.stderr.write(text) });
  return runInChild("training", input, quiet ? {} : { onEvent: progress });
}

/** What a run ended with; of an interrupted one, which has no adapter yet, how to go on. */
export function describeSummary({ summary, out, readsRows }: TrainingResult): string {
  if (summary.interrupted) {
    const saved = summary.steps === 0 ? "before the first step: nothing is saved" : `after step ${summary.steps}`;
    return `stopped ${saved}. The same command, without --overwrite, goes on in ${shown(out)}.\n`;
  }
  const warnings = summary.warnings.map((warning) => `warning: ${inFlags(warning)}\n`).join("");
  const ranks = Object.values(summary.ranks);
  const picture = ranks.length === 0 ? "" : `${sitesPicture(summary, Math.max(1, ...ranks))}\n\n`;
  const folder = shown(out);
  // Language models alone count the tokens they learn from.
  const use =
    summary.targetTokens === undefined
      ? `blora predict ${shellWord(folder)}${readsRows ? " --data <rows>" : ""}`
      : `blora generate --adapter ${shellWord(folder)} --prompt <text>`;
  return `\n${summaryTable([summary])}\n\n${picture}${warnings}adapter: ${join(folder, "adapter")}\nuse it:  ${use}\n`;
}

/** From the working folder, where it lies in it. */
function shown(folder: string): string {
  const path = relative("", folder);
  return path.startsWith("..") ? folder : path;
}

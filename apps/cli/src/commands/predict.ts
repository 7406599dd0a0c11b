import type { Command } from "commander";
import { statusOfSignal } from "../exit.ts";
import { createEvaluationLine } from "../output/evaluation-line.ts";
import { printNote } from "../output/print-note.ts";
import { type AdapterFlags, addAdapterRevision } from "../run/adapter-folder.ts";
import { runInChild } from "../run/child.ts";
import type { RunRequest } from "../run/request.ts";
import { addShardFlags, inShards, type ShardFlags, sharedThreads, withoutShardFlags } from "../shards/sharded.ts";
import { requireArray } from "../sweep/array.ts";
import { refuseIdle } from "./idle-flags.ts";
import { addRunFlags, collect } from "./run-flags.ts";

interface PredictFlags extends Omit<RunRequest, "out">, AdapterFlags, ShardFlags {
  readonly split?: string;
  readonly text?: readonly string[];
  readonly out?: string;
  readonly submission?: boolean;
}

/** Flags that say which rows of data are answered, and where. */
const OF_DATA = ["data", "split", "submission", "shards", "on"];

export function addPredictCommand(program: Command, exit: (status: number) => void): void {
  addShardFlags(addAdapterRevision(addRunFlags(program.command("predict"))))
    .argument("<adapter>", "an adapter folder, a run directory that holds one, or an adapter of the Hub")
    .description(
      "answer texts with a trained adapter: the class of each and how likely every class is, or its number; or words, each with its tag",
    )
    .option(
      "--text <text>",
      "a text to answer, instead of those of --data; repeatable, and given twice for each pair where rows are pairs; cut into words where words have tags",
      collect,
    )
    .option("--split <name>", "split to answer (default: the whole file of --data, or the task's evaluation split)")
    .option(
      "--out <file>",
      "file to write, which must not be there yet (default: print): csv, tsv or jsonl, as its name ends; for words jsonl, conll or csv. Started again after a kill, it goes on",
    )
    .option(
      "--submission",
      "write the files that the server of GLUE takes for the task's test splits into the folder --out",
    )
    .action(async (adapter: string, flags: PredictFlags, command: Command) => {
      requireArray(command, flags.on);
      const { split, text: texts, out, submission = false, ...request } = withoutShardFlags(flags);
      if (texts !== undefined) refuseIdle(command, OF_DATA, { expected: "rows of --data", found: "texts of --text" });
      const output = { isTTY: process.stderr.isTTY, write: (text: string) => process.stderr.write(text) };
      const threads = sharedThreads(request, flags);
      const input = { request: { ...request, threads }, adapter, split, texts, out, submission };
      const onEvent = createEvaluationLine(output);
      const status = await inShards({ work: "prediction", input }, flags, onEvent);
      if (status !== undefined) return exit(status);
      const { result, signal } = await runInChild("prediction", input, { onEvent });
      for (const note of result.notes) printNote(`warning: ${note}`);
      if (result.interrupted) {
        process.stderr.write("stopped; the same command goes on where it stands.\n");
        return exit(statusOfSignal(signal));
      }
      process.stdout.write(result.text ?? `${result.rows} rows in ${result.files.join(" and ")}\n`);
    });
}

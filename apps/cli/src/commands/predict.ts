import { resolve } from "node:path";
import { requireNewFile, writeNewFileDurably } from "@blora/files";
import type { Command } from "commander";
import { createEvaluationLine } from "../output/evaluation-line.ts";
import { type AdapterFlags, addAdapterRevision } from "../run/adapter-folder.ts";
import { runInChild } from "../run/child.ts";
import type { RunRequest } from "../run/request.ts";
import { addRunFlags } from "./run-flags.ts";

interface PredictFlags extends Omit<RunRequest, "out">, AdapterFlags {
  readonly split?: string;
  readonly out?: string;
}

export function addPredictCommand(program: Command): void {
  addAdapterRevision(addRunFlags(program.command("predict")))
    .argument("<adapter>", "an adapter folder, a run directory that holds one, or an adapter of the Hub")
    .description(
      "answer texts with a trained adapter: the class of each and how likely every class is, or its number; or words, each with its tag",
    )
    .option("--split <name>", "split to answer (default: the whole file of --data, or the task's evaluation split)")
    .option(
      "--out <file>",
      "file to write, which must not be there yet (default: print): csv; for words jsonl, conll or csv",
    )
    .action(async (adapter: string, { split, out, ...request }: PredictFlags) => {
      if (out !== undefined) requireNewFile(out);
      const output = { isTTY: process.stderr.isTTY, write: (text: string) => process.stderr.write(text) };
      const { result } = await runInChild(
        "prediction",
        { request, adapter, split, out },
        { onEvent: createEvaluationLine(output) },
      );
      if (out === undefined) process.stdout.write(result.text);
      else {
        await writeNewFileDurably(resolve(out), result.text);
        process.stdout.write(`${result.rows} rows in ${out}\n`);
      }
    });
}

import type { Command } from "commander";
import { statusOfSignal } from "../exit.ts";
import type { SplitScores } from "../jobs/evaluate.ts";
import { createEvaluationLine } from "../output/evaluation-line.ts";
import { printNote } from "../output/print-note.ts";
import { scoresLine } from "../output/scores-line.ts";
import { typesTable } from "../output/types-table.ts";
import { type AdapterFlags, addAdapterRevision, givenAdapter } from "../run/adapter-folder.ts";
import { runInChild } from "../run/child.ts";
import type { RunRequest } from "../run/request.ts";
import { addShardFlags, inShards, type ShardFlags, sharedThreads, withoutShardFlags } from "../shards/sharded.ts";
import { requireArray } from "../sweep/array.ts";
import { type BenchmarkFlags, benchmarkAssignments, describeLikelihood } from "./eval-likelihood.ts";
import { countOrZero, positiveInteger } from "./number-flags.ts";
import { addRunFlags } from "./run-flags.ts";

interface EvalFlags extends Omit<RunRequest, "out">, BenchmarkFlags, AdapterFlags, ShardFlags {
  readonly adapter?: string;
  readonly split?: string;
}

export function addEvalCommand(program: Command, exit: (status: number) => void): void {
  addShardFlags(addAdapterRevision(addRunFlags(program.command("eval"))))
    .argument(
      "[adapter]",
      "an adapter folder, a run directory that holds one, or an adapter of the Hub; mmlu also scores plain models",
    )
    .description("score a trained adapter on its task, with the model and method it was trained with")
    .option("--adapter <id|folder>", "the same as the argument")
    .option("--split <name>", "split to score (default: the task's evaluation splits)")
    .option("--shots <count>", "mmlu: answered questions shown before each question (default: 5)", countOrZero)
    .option("--protocol <name>", "mmlu: lm-evaluation-harness (default) or hendrycks")
    .option("--subjects <names>", "mmlu: subjects joined by commas (default: all)")
    .option("--limit <count>", "mmlu: questions of each subject at most", positiveInteger)
    .option("--add-bos", "mmlu: begin every text with the tokenizer's first token (default: where it does itself)")
    .option("--no-add-bos", "mmlu: begin no text with it")
    .option("--out <folder>", "mmlu: keep every answer, and go on where an interrupted evaluation stopped")
    .option("--json", "print one JSON line")
    .action(async (argument: string | undefined, flags: EvalFlags, command: Command) => {
      requireArray(command, flags.on);
      const { json, split, out, ...request } = withoutShardFlags(flags);
      const output = { isTTY: process.stderr.isTTY, write: (text: string) => process.stderr.write(text) };
      const taskFlags = benchmarkAssignments(flags);
      const threads = sharedThreads(request, flags);
      const input = {
        request: { ...request, taskFlags, threads },
        adapter: givenAdapter(argument, flags.adapter),
        split,
        out,
      };
      const onEvent = json ? () => undefined : createEvaluationLine(output);
      const status = await inShards({ work: "evaluation", input }, flags, onEvent);
      if (status !== undefined) return exit(status);
      const { result, signal } = await runInChild("evaluation", input, { onEvent });
      if (result.kind === "splits") {
        for (const { notes = [] } of Object.values(result.results.splits)) {
          for (const note of notes) printNote(`warning: ${note}`);
        }
        process.stdout.write(json ? `${JSON.stringify(result.results)}\n` : describe(result.results));
        return;
      }
      if (result.kind === "shard") return;
      const { answers: _, ...summary } = result.summary;
      if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
      else process.stdout.write(`\n${describeLikelihood(result.summary, out)}\n`);
      if (summary.interrupted) exit(statusOfSignal(signal));
    });
}

/** A line for each split, and one for the price. */
function describe({ task, splits, bops, form, engine }: SplitScores): string {
  const lines = Object.entries(splits).flatMap(([name, { rows, loss, scores, types, unreadWords }]) => {
    const values = scores === undefined ? [] : [scoresLine(scores)];
    const facts = [`${rows} rows`, loss === undefined ? "no labels" : `loss ${loss.toFixed(4)}`, ...values];
    if (unreadWords !== undefined) facts.push(`${unreadWords} words cut off or without a token`);
    return [[task, name, ...facts].join("  "), ...(types === undefined ? [] : [typesTable(types)])];
  });
  const price = `${(100 * bops.ratio).toFixed(1)} % of the ${bops.unit} of LoRA in 32 bit, scope ${bops.scope}; the adapter in its ${form} form${engine.precision === undefined ? "" : `, in ${engine.precision}`}`;
  return `${[...lines, price].join("\n")}\n`;
}

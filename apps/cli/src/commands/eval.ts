import { InvalidInputError, isLanguageModelTask } from "@blora/spec";
import { evaluate } from "@blora/trainer";
import type { Command } from "commander";
import { type AdapterFlags, adapterFolder, addAdapterRevision } from "../run/adapter-folder.ts";
import { adapterSettings } from "../run/adapter-settings.ts";
import { type LoadedRun, loadRun } from "../run/load-run.ts";
import { type BenchmarkFlags, benchmarkAssignments, evalLikelihood } from "./eval-likelihood.ts";
import { addRunFlags, type RunFlags, runSettings } from "./run-flags.ts";

interface EvalFlags extends RunFlags, BenchmarkFlags, AdapterFlags {
  readonly adapter?: string;
  readonly split?: string;
}

export function addEvalCommand(program: Command, exit: (status: number) => void): void {
  addAdapterRevision(addRunFlags(program.command("eval")))
    .argument(
      "[adapter]",
      "an adapter folder, a run directory that holds one, or an adapter of the Hub; mmlu also scores plain models",
    )
    .description("score a trained adapter on its task, with the model and method it was trained with")
    .option("--adapter <id|folder>", "the same as the argument")
    .option("--split <name>", "split to score (default: the task's evaluation splits)")
    .option("--shots <count>", "mmlu: answered questions shown before each question (default: 5)", Number)
    .option("--protocol <name>", "mmlu: lm-evaluation-harness (default) or hendrycks")
    .option("--subjects <names>", "mmlu: subjects joined by commas (default: all)")
    .option("--limit <count>", "mmlu: questions of each subject at most", Number)
    .option("--add-bos", "mmlu: begin every text with the tokenizer's first token")
    .option("--out <folder>", "mmlu: keep every answer, and go on where an interrupted evaluation stopped")
    .option("--json", "print one JSON line")
    .action(async (argument: string | undefined, flags: EvalFlags, command: Command) => {
      const path = argument ?? flags.adapter;
      const adapterDirectory = path === undefined ? undefined : await adapterFolder(path, flags);
      const { parts } = await openRun(adapterDirectory, flags, command);
      const { task } = parts;
      if (isLanguageModelTask(task) && task.likelihood !== undefined && flags.split === undefined) {
        const run = { ...parts, ...(adapterDirectory === undefined ? {} : { adapterDirectory }) };
        const status = await evalLikelihood(run, flags);
        if (status !== undefined) exit(status);
        return;
      }
      if (adapterDirectory === undefined) {
        throw new InvalidInputError(`eval: expected an adapter folder to score on ${task.name}, found none.`);
      }
      const splits = flags.split === undefined ? {} : { splits: [flags.split] };
      const results = await evaluate({ ...parts, adapterDirectory, ...splits });
      await parts.engine.release();
      process.stdout.write(flags.json ? `${JSON.stringify(withoutRows(results))}\n` : describe(results));
    });
}

/** The run an adapter was trained in, or the plain model of the flags. */
async function openRun(folder: string | undefined, flags: EvalFlags, command: Command): Promise<LoadedRun> {
  const set = [...benchmarkAssignments(flags), ...flags.set];
  if (folder === undefined) return loadRun(runSettings({ ...flags, set }, ""));
  const { baseModel, task = flags.task, method, maxSeqLength } = await adapterSettings(folder);
  const isTaskGiven = command.getOptionValueSource("task") === "cli";
  const settings = runSettings(
    {
      ...flags,
      set,
      ...(flags.model === undefined && baseModel !== undefined && { model: baseModel }),
      task: isTaskGiven ? flags.task : task,
    },
    folder,
  );
  return loadRun({
    ...settings,
    method,
    arguments: { ...(maxSeqLength !== undefined && { maxSeqLength }), ...settings.arguments },
  });
}

type Results = Awaited<ReturnType<typeof evaluate>>;

function withoutRows({ splits, ...rest }: Results): object {
  const scored = Object.entries(splits).map(([name, { logits: _, likelihoods: __, ...split }]) => [name, split]);
  return { ...rest, splits: Object.fromEntries(scored) };
}

/** A line for each split, and one for the price. */
function describe({ task, splits, bops }: Results): string {
  const lines = Object.entries(splits).map(([name, { rows, loss, scores }]) => {
    const values = Object.entries(scores ?? {}).map(([metric, value]) => `${metric} ${value.toFixed(4)}`);
    return [task, name, `${rows} rows`, loss === undefined ? "no labels" : `loss ${loss.toFixed(4)}`, ...values].join(
      "  ",
    );
  });
  const price = `${(100 * bops.ratio).toFixed(1)} % of the ${bops.unit} of LoRA in 32 bit, scope ${bops.scope}`;
  return `${[...lines, price].join("\n")}\n`;
}

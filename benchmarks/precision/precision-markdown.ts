import type { RunSummary, SweepRecord } from "@blora/runs";
import { markdownTable } from "@blora/spec";
import { describeDifference, differenceOf } from "../front/statistics.ts";

/** The same run in both precisions. */
interface Pair {
  readonly method: string;
  readonly task: string;
  readonly float32: RunSummary;
  readonly int8: RunSummary;
}

type Value = (summary: RunSummary) => number;

const METHODS = ["lora-8", "blora"];
const TASKS = ["rte", "mrpc", "stsb", "cola", "sst2"];

/** Evaluation loss and score of int8 minus those of float32, mean and standard error of pairs. */
export function precisionMarkdown(records: readonly SweepRecord[]): string {
  const pairs = pairsOf(records);
  const machines = new Set(records.map(({ machine: { cpu, commit } }) => `${cpu} at ${commit}`));
  return [
    "# Frozen products in whole numbers of 8 bits",
    "",
    `int8 minus float32 from the same starting values with the same batches, ${pairs.length} pairs, ${[...machines].sort().join(", ")}.`,
    "Mean ± standard error of paired differences; a number in brackets counts pairs.",
    "",
    ...tableOf("Evaluation loss after the last update", pairs, lossOf),
    ...tableOf("Score of the adapter that is kept", pairs, scoreOf),
  ].join("\n");
}

function pairsOf(records: readonly SweepRecord[]): Pair[] {
  const found = new Map<string, RunSummary>();
  for (const { recipe, task, seed, outcome } of records) {
    if (outcome.status === "done") found.set(`${recipe} ${task} ${seed}`, outcome.summary);
  }
  return [...found].flatMap(([key, float32]) => {
    const [recipe, task] = key.split(" ") as [string, string];
    const int8 = found.get(key.replace("-float32 ", "-int8 "));
    if (!recipe.endsWith("-float32") || int8 === undefined) return [];
    return [{ method: recipe.replace(/-float32$/, ""), task, float32, int8 }];
  });
}

function lossOf({ metrics: { last }, split, task }: RunSummary): number {
  const loss = last?.splits[split]?.loss;
  if (loss === undefined) throw new Error(`expected an evaluation of ${task} after its last update, found none`);
  return loss;
}

function scoreOf({ metric, task }: RunSummary): number {
  if (metric.value === null) throw new Error(`expected a score of ${task}, found none`);
  return metric.value;
}

function tableOf(title: string, pairs: readonly Pair[], value: Value): string[] {
  const cell = (chosen: readonly Pair[]): string =>
    describeDifference(differenceOf(chosen.map(({ int8, float32 }) => value(int8) - value(float32))));
  const rows = METHODS.map((method) => {
    const own = pairs.filter((pair) => pair.method === method);
    return [method, ...TASKS.map((task) => cell(own.filter((pair) => pair.task === task))), cell(own)];
  });
  return [`## ${title}`, "", markdownTable(["method", ...TASKS, "all"], rows), ""];
}

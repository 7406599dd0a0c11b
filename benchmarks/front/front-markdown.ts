import { markdownTable } from "@blora/spec";
import { meanOf } from "../../packages/report/src/sweep/spread.ts";
import { CONTROLS, type FrontRecord } from "./records.ts";
import { describeDifference, differenceOf, type Ratio, ratioOf } from "./statistics.ts";

/** Whose divergence is 1: two bits in every entry, one range for a matrix. */
const ROUNDED_CONTROL = "uniform-2-absmax@6.25";

/** The default of B-LoRA at the budgets where every row is measured: what others are held against, pair by pair. */
const DEFAULTS = ["knapsack-error@6.25", "knapsack-error@3.1"];

/** What a table shows of the records of one row, beside those of the control of the same task and seed. */
type Cell = (pairs: readonly Pair[]) => string;

interface Pair {
  readonly record: FrontRecord;
  readonly control: FrontRecord;
}

/**
 * The front: evaluation loss and score against the float control, divergence
 * from it against the rounded one.
 *
 * @param tasks in the order of their columns
 */
export function frontMarkdown(records: readonly FrontRecord[], tasks: readonly string[]): string {
  const table = (title: string, control: string, cell: Cell) => tableOf(title, records, tasks, control, cell);
  const losses: Cell = (pairs) =>
    describeDifference(differenceOf(pairs.map(({ record, control }) => record.loss - control.loss)));
  return [
    "# The front of B-LoRA and its controls",
    "",
    ...provenance(records),
    "",
    ...table("Evaluation loss minus that of LoRA r 8", CONTROLS.plain, losses),
    ...DEFAULTS.filter((row) => records.some((record) => record.row === row)).flatMap((row) =>
      table(`Evaluation loss minus that of ${row}`, row, losses),
    ),
    ...table("Score minus that of LoRA r 8", CONTROLS.plain, (pairs) =>
      describeDifference(differenceOf(pairs.map(({ record, control }) => scoreOf(record) - scoreOf(control)))),
    ),
    ...table(`Divergence from float, over that of ${ROUNDED_CONTROL}`, ROUNDED_CONTROL, (pairs) =>
      ratio(ratioOf(pairs.flatMap(({ record, control }) => positive(record.divergence / control.divergence)))),
    ),
  ].join("\n");
}

function provenance(records: readonly FrontRecord[]): string[] {
  const distinct = (values: readonly string[]) => [...new Set(values)].sort().join(", ");
  return [
    `${records.length} runs, ${distinct(records.map(({ cpu }) => cpu))}, ${distinct(records.map(({ precision }) => precision))}, commits ${distinct(records.map(({ commit = "unknown" }) => commit))}.`,
    "Mean ± standard error of paired differences; geometric means of paired ratios, and in how many pairs the ratio is below 1. A number in brackets counts pairs.",
    "Bit operations count the codes, what is stored scales too, both as shares of LoRA r 8 in 32 bit.",
    "Divergence is KL in nats, or half the mean squared difference of scores, from the float run of the same form.",
  ];
}

/** A row for each method and budget, dearest first; a column for each task and one for all. */
function tableOf(
  title: string,
  records: readonly FrontRecord[],
  order: readonly string[],
  controlRow: string,
  cell: Cell,
): string[] {
  const controls = new Map(records.filter(({ row }) => row === controlRow).map((record) => [pairKey(record), record]));
  const pairs = records.flatMap((record): Pair[] => {
    const control = controls.get(pairKey(record));
    return control === undefined ? [] : [{ record, control }];
  });
  const tasks = order.filter((task) => records.some((record) => record.task === task));
  const header = ["row", "bit operations", "stored", ...tasks, "all"];
  const rows = rowsOf(records).map((row) => {
    const own = pairs.filter(({ record }) => record.row === row);
    const all = records.filter((record) => record.row === row);
    const costs = [all.map(({ share }) => share), all.map(({ stored }) => stored)].map(percent);
    const cells = tasks.map((task) => cell(own.filter(({ record }) => record.task === task)));
    return [row, ...costs, ...cells, cell(own)];
  });
  return [`## ${title}`, "", markdownTable(header, rows), ""];
}

/** Rows by falling budget, then in the order they were first run. */
function rowsOf(records: readonly FrontRecord[]): string[] {
  const budgets = new Map<string, number>();
  for (const { row, budget } of records) if (!budgets.has(row)) budgets.set(row, budget);
  return [...budgets].sort(([, a], [, b]) => b - a).map(([row]) => row);
}

function pairKey({ task, seed }: FrontRecord): string {
  return `${task} ${seed}`;
}

function scoreOf({ scores, metric }: FrontRecord): number {
  return scores[metric] ?? Number.NaN;
}

/** A control has no divergence from itself, so no ratio either. */
function positive(value: number): number[] {
  return value > 0 && Number.isFinite(value) ? [value] : [];
}

function percent(shares: readonly number[]): string {
  return `${(100 * meanOf(shares)).toPrecision(3)} %`;
}

function ratio(found: Ratio | undefined): string {
  return found === undefined ? "" : `${found.geometricMean.toPrecision(2)}, ${found.below}/${found.count}`;
}

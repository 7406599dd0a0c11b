import type { RunSummary, SweepRecord } from "@blora/runs";
import { type Measured, measuredOf } from "../text/measured.ts";
import { ownValue } from "../text/own-value.ts";
import { meanByKey, meanOf, type Spread, spreadOf } from "./spread.ts";

/** One seed of a recipe on a task. */
export interface SeedResult extends Measured {
  readonly seed: number;
  /** Primary metric of the best evaluation of the method's last phase, and of the last step's; null where undefined. */
  readonly best: number | null;
  readonly last: number | null;
  readonly meanRank: number | null;
  /** Mean bit width over the sites and their open components, by operand. */
  readonly meanBits: Readonly<Record<string, number>>;
  readonly bitOperations: number;
  readonly tokensPerSecond: number;
  /** Null where nothing told it. */
  readonly peakRssBytes: number | null;
  readonly seconds: number;
}

/** A recipe on a task: its seeds, and what they have in common. */
export interface ResultRow extends Measured {
  readonly task: string;
  readonly recipe: string;
  readonly settingsId: string;
  readonly metric: string;
  /** Mean over the seeds, of which some may have stopped early. */
  readonly steps: number;
  readonly rows: RunSummary["rows"];
  /** Score of always giving the most frequent answer. */
  readonly majority: number | null;
  readonly best: Spread | null;
  readonly last: Spread | null;
  readonly meanRank: number | null;
  readonly meanBits: Readonly<Record<string, number>>;
  /** What is quantized, and so what is counted. */
  readonly scope: string;
  /** Mean bit operations per token over the seeds. */
  readonly bitOperations: number;
  /** Share of the reference's bit operations, same scope; null where it or the method has none. */
  readonly cost: number | null;
  readonly tokensPerSecond: number;
  /** Largest of the seeds. */
  readonly peakRssBytes: number | null;
  readonly seeds: readonly SeedResult[];
}

/** A recipe over the tasks it was run on. */
export interface OverallRow {
  readonly recipe: string;
  readonly tasks: readonly string[];
  /** Mean over the tasks of the mean over the seeds; null where a task has none. */
  readonly best: number | null;
  readonly last: number | null;
  readonly cost: number | null;
}

export interface Failure {
  readonly name: string;
  readonly recipe: string;
  readonly task: string;
  readonly seed: number;
  readonly error: string;
}

/** Everything a sweep found. */
export interface Results {
  /** Recipe whose bit operations are 100 %; null where each row is priced against LoRA at its own starting rank. */
  readonly reference: string | null;
  readonly rows: readonly ResultRow[];
  readonly overall: readonly OverallRow[];
  readonly failures: readonly Failure[];
  /** Where the runs were made, each machine and version once. */
  readonly machines: readonly SweepRecord["machine"][];
}

type DoneRecord = SweepRecord & { readonly outcome: { readonly status: "done" } };

/**
 * Gathers the records of a sweep, tasks and recipes in alphabetical order.
 *
 * Cost is relative: rows with the reference's scope are priced against the
 * reference itself, rows of a wider scope against LoRA in 32 bit at their own
 * starting rank, as `summary.json` does.
 */
export function gatherResults(records: readonly SweepRecord[], reference: string): Results {
  const done = records.filter((record): record is DoneRecord => record.outcome.status === "done");
  const groups = groupBy(done, ({ task, recipe, settingsId }) => JSON.stringify([task, recipe, settingsId]));
  const priced = new Map(
    [...groups.values()].flatMap((group) => {
      const { task, recipe, outcome } = group[0]!;
      if (recipe !== reference) return [];
      return [[`${task}/${outcome.summary.bops.scope}`, bitOperationsOf(group)] as const];
    }),
  );
  const rows = [...groups.values()]
    .map((group) => resultRow(group, priced))
    .sort((a, b) => a.task.localeCompare(b.task) || a.recipe.localeCompare(b.recipe));
  return {
    reference: priced.size === 0 ? null : reference,
    rows,
    overall: overallRows(rows),
    failures: records.flatMap(({ name, recipe, task, seed, outcome }) =>
      outcome.status === "failed" ? [{ name, recipe, task, seed, error: outcome.error }] : [],
    ),
    machines: [...groupBy(done, ({ machine }) => JSON.stringify(machine)).values()].map(([first]) => first!.machine),
  };
}

function resultRow(group: readonly DoneRecord[], priced: ReadonlyMap<string, number>): ResultRow {
  const { task, recipe, settingsId, outcome } = group[0]!;
  const { metric, rows, bops, baseline } = outcome.summary;
  const seeds = group.map(seedResult).sort((a, b) => a.seed - b.seed);
  const referenceCost = priced.get(`${task}/${bops.scope}`) ?? bops.baseline;
  const ranks = seeds.flatMap(({ meanRank }) => meanRank ?? []);
  const peaks = seeds.flatMap(({ peakRssBytes }) => peakRssBytes ?? []);
  return {
    task,
    recipe,
    settingsId,
    metric: metric.name,
    steps: meanOf(group.map((record) => record.outcome.summary.steps)),
    rows,
    majority: ownValue(baseline, metric.name) ?? null,
    best: spreadOfAll(seeds.map(({ best }) => best)),
    last: spreadOfAll(seeds.map(({ last }) => last)),
    meanRank: ranks.length === 0 ? null : meanOf(ranks),
    meanBits: meanByKey(seeds.map(({ meanBits }) => meanBits)),
    scope: bops.scope,
    bitOperations: bitOperationsOf(group),
    cost: bops.baseline === 0 || referenceCost === 0 ? null : bitOperationsOf(group) / referenceCost,
    secondsPerStep: meanOfAll(seeds.map(({ secondsPerStep }) => secondsPerStep)),
    secondsPerRow: meanOfAll(seeds.map(({ secondsPerRow }) => secondsPerRow)),
    tokensPerSecond: meanOf(seeds.map(({ tokensPerSecond }) => tokensPerSecond)),
    peakRssBytes: peaks.length === 0 ? null : Math.max(...peaks),
    seeds,
  };
}

function seedResult({ outcome: { summary } }: DoneRecord): SeedResult {
  const { metric, metrics, split, ranks, bits } = summary;
  const score = (record: RunSummary["metrics"]["best"]) =>
    ownValue((record && ownValue(record.splits, split))?.scores ?? {}, metric.name) ?? null;
  const all = Object.values(ranks);
  return {
    seed: summary.seed,
    best: score(metrics.best),
    last: score(metrics.last),
    meanRank: all.length === 0 ? null : meanOf(all),
    meanBits: meanByKey(Object.values(bits)),
    bitOperations: summary.bops.bitOperations,
    ...measuredOf(summary),
    tokensPerSecond: summary.tokensPerSecond,
    peakRssBytes: summary.peakRssBytes ?? null,
    seconds: summary.seconds,
  };
}

function bitOperationsOf(group: readonly DoneRecord[]): number {
  return meanOf(group.map(({ outcome }) => outcome.summary.bops.bitOperations));
}

function overallRows(rows: readonly ResultRow[]): OverallRow[] {
  return [...groupBy(rows, ({ recipe }) => recipe)].map(([recipe, group]) => ({
    recipe,
    tasks: group.map(({ task }) => task),
    best: meanOfAll(group.map(({ best }) => best?.mean)),
    last: meanOfAll(group.map(({ last }) => last?.mean)),
    cost: meanOfAll(group.map(({ cost }) => cost)),
  }));
}

/** Null where one is missing: a mean over other tasks or fewer seeds could not be compared. */
function meanOfAll(values: readonly (number | null | undefined)[]): number | null {
  return spreadOfAll(values)?.mean ?? null;
}

function spreadOfAll(values: readonly (number | null | undefined)[]): Spread | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === values.length ? (spreadOf(known) ?? null) : null;
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

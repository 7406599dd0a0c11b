import type { Table } from "../run/section.ts";
import { bitWidths, count, mebibytes, oneDecimal, score, share, spread } from "../text/format.ts";
import { secondsText } from "../text/measured.ts";
import type { ResultRow, Results } from "./results.ts";

/** What the columns of the tables mean. */
export function resultsNote({ reference }: Pick<Results, "reference">): string {
  const priced =
    reference === null
      ? "LoRA in 32 bit at the starting rank"
      : `${reference} (scope \`adapter\`) or of LoRA in 32 bit at the starting rank (wider scopes)`;
  return `Mean ± standard deviation over the seeds. *Best*: best evaluation of the method's last phase; *last*: after the last step. BOPs: share of the bit operations of ${priced}, same scope. s/step and s/row: measured seconds of a training step and of an evaluated row, without compiling.`;
}

/** The tables of a sweep that it has rows for: the mean over several tasks, a line for each recipe and task, one for each seed. */
export function resultsTables(results: Results): Table[] {
  const { rows, overall } = results;
  return [
    ...(overall.length < 2 ? [] : [overallTable(results)]),
    ...(rows.length === 0 ? [] : [mainTable(rows), seedTable(rows)]),
  ];
}

function overallTable({ overall }: Results): Table {
  return {
    caption: "Mean over tasks",
    columns: ["recipe", "tasks", "best", "last", "BOPs"],
    rows: overall.map(({ recipe, tasks, best, last, cost }) => [
      recipe,
      tasks.join(", "),
      score(best),
      score(last),
      share(cost),
    ]),
  };
}

function mainTable(rows: readonly ResultRow[]): Table {
  const columns = [
    ...["task", "recipe", "steps", "rows train/eval", "seeds", "metric", "best", "last", "majority", "rank", "bits"],
    ...["scope", "BOPs", "s/step", "s/row", "tokens/s", "peak memory"],
  ];
  const cells = rows.map((row) => [
    row.task,
    row.recipe,
    count(row.steps),
    `${count(row.rows.train)}/${count(row.rows.eval)}`,
    row.seeds.map(({ seed }) => seed).join(", "),
    row.metric,
    spread(row.best),
    spread(row.last),
    score(row.majority),
    oneDecimal(row.meanRank),
    bitWidths(row.meanBits),
    row.scope,
    share(row.cost),
    secondsText(row.secondsPerStep),
    secondsText(row.secondsPerRow),
    count(row.tokensPerSecond),
    mebibytes(row.peakRssBytes),
  ]);
  return { caption: "By task", columns, rows: cells };
}

function seedTable(rows: readonly ResultRow[]): Table {
  const cells = rows.flatMap(({ task, recipe, cost, bitOperations, seeds }) =>
    seeds.map((seed) => [
      task,
      recipe,
      String(seed.seed),
      score(seed.best),
      score(seed.last),
      oneDecimal(seed.meanRank),
      bitWidths(seed.meanBits),
      share(cost === null || bitOperations === 0 ? cost : (cost * seed.bitOperations) / bitOperations),
      secondsText(seed.secondsPerStep),
      secondsText(seed.secondsPerRow),
      count(seed.tokensPerSecond),
      count(seed.seconds),
      mebibytes(seed.peakRssBytes),
    ]),
  );
  const columns = [
    ...["task", "recipe", "seed", "best", "last", "rank", "bits", "BOPs", "s/step", "s/row", "tokens/s", "seconds"],
    "peak memory",
  ];
  return { caption: "By seed", columns, rows: cells };
}

import { markdownTable } from "@blora/spec";
import { bitWidths, count, mebibytes, oneDecimal, score, share, spread } from "../text/format.ts";
import type { ResultRow, Results } from "./results.ts";

/** A sweep as a Markdown page: a line for each recipe and task, the mean over tasks, a line for each seed. */
export function resultsMarkdown(results: Results, title: string): string {
  const { rows, overall, failures, machines, reference } = results;
  const priced =
    reference === null
      ? "LoRA in 32 bit at the starting rank"
      : `${reference} (scope \`adapter\`) or of LoRA in 32 bit at the starting rank (wider scopes)`;
  const blocks = [
    `# ${title}`,
    `Mean ± standard deviation over the seeds. *Best*: best evaluation of the method's last phase; *last*: after the last step. BOPs: share of the bit operations of ${priced}, same scope.`,
    ...(machines.length === 0 ? [] : [machines.map((machine) => `- ${describeMachine(machine)}`).join("\n")]),
    ...(overall.length < 2 ? [] : ["## Mean over tasks", overallTable(results)]),
    ...(rows.length === 0 ? [] : ["## By task", mainTable(rows), "## By seed", seedTable(rows)]),
    ...(failures.length === 0 ? [] : ["## Failed", failureList(results)]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function describeMachine(machine: Results["machines"][number]): string {
  return Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

function overallTable({ overall }: Results): string {
  return markdownTable(
    ["recipe", "tasks", "best", "last", "BOPs"],
    overall.map(({ recipe, tasks, best, last, cost }) => [
      recipe,
      tasks.join(", "),
      score(best),
      score(last),
      share(cost),
    ]),
  );
}

function mainTable(rows: readonly ResultRow[]): string {
  const columns = [
    "task",
    "recipe",
    "steps",
    "rows train/eval",
    "seeds",
    "metric",
    "best",
    "last",
    "majority",
    "rank",
    "bits",
    "scope",
    "BOPs",
    "tokens/s",
    "peak memory",
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
    count(row.tokensPerSecond),
    mebibytes(row.peakRssBytes),
  ]);
  return markdownTable(columns, cells);
}

function seedTable(rows: readonly ResultRow[]): string {
  const cells = rows.flatMap(({ task, recipe, cost, bitOperations, seeds }) =>
    seeds.map((seed) => [
      task,
      recipe,
      String(seed.seed),
      score(seed.best),
      score(seed.last),
      oneDecimal(seed.meanRank),
      bitWidths(seed.meanBits),
      share(cost === null ? null : (cost * seed.bitOperations) / bitOperations),
      count(seed.tokensPerSecond),
      count(seed.seconds),
      mebibytes(seed.peakRssBytes),
    ]),
  );
  return markdownTable(
    ["task", "recipe", "seed", "best", "last", "rank", "bits", "BOPs", "tokens/s", "seconds", "peak memory"],
    cells,
  );
}

function failureList({ failures }: Results): string {
  return failures
    .map(({ recipe, task, seed, error }) => `- ${task}, ${recipe}, seed ${seed}: ${error.split("\n")[0]}`)
    .join("\n");
}

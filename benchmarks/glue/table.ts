import type { RunSummary } from "@blora/trainer";

export interface ResultRow {
  readonly method: string;
  readonly summary: RunSummary;
}

const COLUMNS = [
  "task",
  "method",
  "steps",
  "seed",
  "metric",
  "best",
  "last",
  "majority",
  "rank",
  "bits A/E/B",
  "scope",
  "BOPs",
  "tokens/s",
  "peak memory",
];

/** Results as Markdown, a line for each run, tasks together. */
export function markdownTable(
  title: string,
  { date, commit, cpu, cores }: Readonly<Record<string, unknown>>,
  rows: readonly ResultRow[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const ordered = rows.toSorted((a, b) => a.summary.task.localeCompare(b.summary.task));
  return [
    `${title}: ${date}, commit ${commit}, ${cores} cores of ${cpu}. BOPs: share of LoRA in 32 bit at the starting rank, same scope.`,
    "",
    line(COLUMNS),
    line(COLUMNS.map(() => "---")),
    ...ordered.map((row) => line(cells(row))),
    "",
  ].join("\n");
}

function cells({ method, summary }: ResultRow): string[] {
  const { metric, metrics, bops, split, baseline } = summary;
  const score = (record: typeof metrics.best) => record?.splits[split]?.scores[metric.name]?.toFixed(4) ?? "-";
  const mean = (values: readonly number[]) =>
    values.length === 0 ? "-" : (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
  const bits = (matrix: string) => mean(Object.values(summary.bits).flatMap((site) => site[matrix] ?? []));
  return [
    summary.task,
    method,
    String(summary.steps),
    String(summary.seed),
    metric.name,
    score(metrics.best),
    score(metrics.last),
    (baseline[metric.name] ?? 0).toFixed(4),
    mean(Object.values(summary.ranks)),
    ["A", "E", "B"].map(bits).join("/"),
    bops.scope,
    `${(100 * bops.ratio).toFixed(1)} %`,
    Math.round(summary.tokensPerSecond).toLocaleString("en"),
    `${Math.round(summary.peakRssBytes / 2 ** 20)} MiB`,
  ];
}

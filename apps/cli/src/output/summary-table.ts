import { duration } from "@blora/report";
import type { RunSummary } from "@blora/trainer";
import Table from "cli-table3";

const COLUMNS = [
  "method",
  "seed",
  "metric",
  "majority",
  "ranks",
  "bits A/E/B",
  "BOPs",
  "scope",
  "tokens/s",
  "time",
  "memory",
];

/** Runs side by side: a line for each. */
export function summaryTable(summaries: readonly RunSummary[]): string {
  const table = new Table({ head: COLUMNS, style: { head: [], border: [] } });
  for (const summary of summaries) table.push(row(summary));
  return table.toString();
}

function row(summary: RunSummary): string[] {
  const { metric, baseline, bops } = summary;
  return [
    methodName(summary),
    String(summary.seed),
    metric.value === null ? "-" : `${metric.name} ${metric.value.toFixed(4)}`,
    baseline[metric.name]?.toFixed(4) ?? "-",
    average(Object.values(summary.ranks)),
    bitsOf(summary),
    `${(100 * bops.ratio).toFixed(1)} %`,
    bops.scope,
    Math.round(summary.tokensPerSecond).toLocaleString("en"),
    duration(summary.seconds),
    `${Math.round(summary.peakRssBytes / 2 ** 20)} MiB`,
  ];
}

export function methodName({ method }: RunSummary): string {
  const reference = (method as { $plugin?: string } | null)?.$plugin ?? "custom";
  return reference.replace("method/", "");
}

/** Mean width of each matrix over the sites. */
function bitsOf({ bits }: RunSummary): string {
  const mean = (matrix: string) => average(Object.values(bits).flatMap((site) => site[matrix] ?? []));
  return [mean("A"), mean("E"), mean("B")].join("/");
}

function average(values: readonly number[]): string {
  if (values.length === 0) return "-";
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
}

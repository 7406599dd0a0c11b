import { duration, meanComponentBits, oneDecimal } from "@blora/report";
import type { RunSummary } from "@blora/runs";
import Table from "cli-table3";
import { methodName } from "../run/components.ts";

const COLUMNS = [
  "method",
  "seed",
  "metric",
  "majority",
  "ranks",
  "bits",
  "BOPs",
  "scope",
  "tokens/s",
  "time",
  "memory",
];

/**
 * Runs side by side: a line for each.
 *
 * @param names what to call the runs instead of their methods
 */
export function summaryTable(summaries: readonly RunSummary[], names?: readonly string[]): string {
  const table = new Table({ head: COLUMNS, style: { head: [], border: [] } });
  for (const [index, summary] of summaries.entries())
    table.push(row(summary, names?.[index] ?? methodName(summary.method)));
  return table.toString();
}

function row(summary: RunSummary, name: string): string[] {
  const { metric, baseline, bops, bits } = summary;
  return [
    name,
    String(summary.seed),
    metric.value === null ? "-" : `${metric.name} ${metric.value.toFixed(4)}`,
    Number.isFinite(baseline[metric.name]) ? baseline[metric.name]!.toFixed(4) : "-",
    oneDecimal(meanRank(summary)),
    oneDecimal(meanComponentBits(Object.values(bits))),
    `${(100 * bops.ratio).toFixed(1)} %`,
    bops.scope,
    Math.round(summary.tokensPerSecond).toLocaleString("en"),
    duration(summary.seconds),
    summary.peakRssBytes === undefined ? "-" : `${Math.round(summary.peakRssBytes / 2 ** 20)} MiB`,
  ];
}

function meanRank({ ranks }: RunSummary): number | null {
  const all = Object.values(ranks);
  return all.length === 0 ? null : all.reduce((sum, rank) => sum + rank, 0) / all.length;
}

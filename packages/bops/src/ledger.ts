import { type CostReport, markdownTable } from "@blora/spec";
import { ratio } from "./ratio.ts";

export interface LedgerOptions {
  /** `text` aligns columns with spaces, `markdown` writes a table. Default `text`. */
  readonly format?: "text" | "markdown";
  /** What the rows cover, such as `adapter`. */
  readonly scope?: string;
  /** Compared with, and what it is called. */
  readonly baseline?: { readonly name: string; readonly report: CostReport };
}

const COLUMNS = ["site", "matrix", "macs", "weight bits", "input bits"];
const TEXT_COLUMNS = 2;

/** A report as a table: a line for each matrix product, the totals, and the ratio to the baseline, where that costs anything, with its name and scope. */
export function renderLedger(report: CostReport, { format = "text", scope, baseline }: LedgerOptions = {}): string {
  const header = [...COLUMNS, report.unit];
  const lines = report.rows.map((row) => [
    row.path,
    row.matrix,
    grouped(row.macs),
    String(row.weightBits),
    String(row.inputBits),
    grouped(row.cost),
  ]);
  const total = ["total", "", grouped(report.macs), "", "", grouped(report.total)];
  const all = [...lines, total];
  const table = format === "markdown" ? markdownTable(header, all, TEXT_COLUMNS) : textTable(header, all);
  const summary = summarize(report, scope, baseline);
  return summary === "" ? table : `${table}\n\n${summary}`;
}

function summarize(report: CostReport, scope: string | undefined, baseline: LedgerOptions["baseline"]): string {
  const covered = scope === undefined ? "" : `Scope: ${scope}.`;
  // Without adapters there is nothing to compare.
  if (baseline === undefined || baseline.report.total === 0n) return covered;
  const share = (100 * ratio(report, baseline.report)).toFixed(3);
  const compared = `${share} % of ${baseline.name} (${grouped(baseline.report.total)} ${report.unit}).`;
  return covered === "" ? compared : `${covered} ${compared}`;
}

function textTable(header: readonly string[], lines: readonly string[][]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  const align = (line: readonly string[]): string =>
    line
      .map((cell, column) => (column < TEXT_COLUMNS ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd();
  return [header, ...lines].map(align).join("\n");
}

/** 1234567n as 1,234,567. */
function grouped(value: bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

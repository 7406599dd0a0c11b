import type { CostSummary, LedgerRow } from "@blora/adapters";
import type { CostLedger } from "@blora/runs";
import type { CostModel, CostRow, LinearSite, Method, SiteSummary } from "@blora/spec";
import type { Snapshot } from "./state/training-state.ts";

/** Every product of the adapters per token with hard gates, and those of the method's baseline. */
export function costLedger(
  method: Method,
  costModel: CostModel,
  sites: readonly LinearSite[],
  { adapters }: Snapshot,
): CostLedger {
  const measured = costModel.measured(
    sites.map((site) => method.usage(site, adapters.get(site.path)!)),
    1,
  );
  const baseline = costModel.measured(
    sites.map((site) => method.baselineUsage(site)),
    1,
  );
  return {
    scope: method.scope ?? "adapter",
    unit: costModel.unit,
    rows: measured.rows.map(ledgerRow),
    baseline: baseline.rows.map(ledgerRow),
  };
}

/** Counts of one token are far below 2^53, so numbers hold them exactly. */
function ledgerRow({ macs, cost, ...row }: CostRow): LedgerRow {
  return { ...row, macs: Number(macs), cost: Number(cost) };
}

/** Exact cost of the adapters per token under the method's scope, against its baseline. */
export function summarizeCost(
  method: Method,
  costModel: CostModel,
  sites: readonly LinearSite[],
  snapshot: Snapshot,
): CostSummary {
  const { scope, unit, rows, baseline } = costLedger(method, costModel, sites, snapshot);
  const total = (all: readonly LedgerRow[], column: "macs" | "cost") => all.reduce((sum, row) => sum + row[column], 0);
  const [bitOperations, baselineTotal] = [total(rows, "cost"), total(baseline, "cost")];
  return {
    scope,
    unit,
    macs: total(rows, "macs"),
    bitOperations,
    baseline: baselineTotal,
    // A method without adapters costs nothing beyond the base model.
    ratio: baselineTotal === 0 ? 0 : bitOperations / baselineTotal,
  };
}

/** Rank and bit widths of every site, by path. */
export function summarizeSites(
  method: Method,
  sites: readonly LinearSite[],
  { adapters }: Snapshot,
): { ranks: Record<string, number>; bits: Record<string, SiteSummary["bits"]> } {
  const summaries = sites.map((site) => [site.path, method.summary(site, adapters.get(site.path)!)] as const);
  return {
    ranks: Object.fromEntries(summaries.map(([path, { rank }]) => [path, rank])),
    bits: Object.fromEntries(summaries.map(([path, { bits }]) => [path, bits])),
  };
}

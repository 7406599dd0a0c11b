import type { CostModel, LinearSite, Method } from "@blora/spec";
import type { Snapshot } from "./state/training-state.ts";
import type { CostSummary } from "./summary.ts";

/** Exact cost of the adapters per token under the method's scope, against its baseline. */
export function summarizeCost(
  method: Method,
  costModel: CostModel,
  sites: readonly LinearSite[],
  { adapters }: Snapshot,
): CostSummary {
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
    macs: Number(measured.macs),
    bitOperations: Number(measured.total),
    baseline: Number(baseline.total),
    // A method without adapters costs nothing beyond the base model.
    ratio: baseline.total === 0n ? 0 : Number(measured.total) / Number(baseline.total),
  };
}

/** Rank and bit widths of every site, by path. */
export function summarizeSites(
  method: Method,
  sites: readonly LinearSite[],
  { adapters }: Snapshot,
): { ranks: Record<string, number>; bits: Record<string, Readonly<Record<string, number>>> } {
  const summaries = sites.map((site) => [site.path, method.summary(site, adapters.get(site.path)!)] as const);
  return {
    ranks: Object.fromEntries(summaries.map(([path, { rank }]) => [path, rank])),
    bits: Object.fromEntries(summaries.map(([path, { bits }]) => [path, bits])),
  };
}

import { type CostReport, InvalidInputError } from "@blora/spec";

/** Share of the baseline's cost, 1 for equal. Correct to the last digit of a double even where the counts exceed 2^53. */
export function ratio(report: CostReport, baseline: CostReport): number {
  if (report.unit !== baseline.unit) {
    throw new InvalidInputError(`ratio: cannot compare ${report.unit} with ${baseline.unit}.`);
  }
  if (baseline.total === 0n)
    throw new InvalidInputError("ratio: the baseline costs nothing, so nothing can be compared with it.");
  return Number(report.total) / Number(baseline.total);
}

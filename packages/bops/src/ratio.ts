import { type CostReport, InvalidInputError } from "@blora/spec";
import { nestedExpectation, type Tensor } from "@blora/tensor";

/** Share of the baseline's cost, 1 for equal. Correct to the last digit of a double even where the counts exceed 2^53. */
export function ratio(report: CostReport, baseline: CostReport): number {
  if (report.unit !== baseline.unit) {
    throw new InvalidInputError(`ratio: cannot compare ${report.unit} with ${baseline.unit}.`);
  }
  if (baseline.total === 0n)
    throw new InvalidInputError("ratio: the baseline costs nothing, so nothing can be compared with it.");
  return Number(report.total) / Number(baseline.total);
}

/**
 * Expected width of a quantizer whose gates open `widths` one after another,
 * from the gates' probabilities [G]: b̄ = 2 + 2q_4 + 4q_4q_8 + 8q_4q_8q_16.
 */
export function expectedBits(probabilities: Tensor, widths: readonly number[] = [2, 4, 8, 16]): Tensor {
  return nestedExpectation(probabilities, widths);
}

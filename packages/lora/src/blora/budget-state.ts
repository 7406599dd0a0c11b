import type { Parameter, TracedAdapter } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";

/** Parameter of the first site that holds what a run with a budget remembers between steps, [3], during the gates phase. */
export const BUDGET = "budget";

/** What adapts the penalty. Saved with the adapter as a frozen parameter, so a resumed run goes on as it would have. */
export interface BudgetState {
  /** What the price is multiplied by at the next step; below 0 where gates closed too far. */
  readonly strength: number;
  /** λ, the multiplier that keeps gates where they are. */
  readonly multiplier: number;
  /** Expected share of the baseline's cost when gates started. */
  readonly start: number;
}

export function budgetParameter(state: BudgetState): Parameter {
  return { shape: [3], values: Float32Array.of(state.strength, state.multiplier, state.start), group: "frozen" };
}

export function readBudget({ values }: Parameter): BudgetState {
  return { strength: values[0]!, multiplier: values[1]!, start: values[2]! };
}

/** In place, so that the graph stays as it is. */
export function writeBudget({ values }: Parameter, { strength, multiplier, start }: BudgetState): void {
  values.set([strength, multiplier, start]);
}

/** What the price is multiplied by, as the step is fed it; undefined where that is a constant. */
export function strengthOf(adapters: readonly TracedAdapter[]): Tensor | undefined {
  const [first] = adapters;
  const state = first?.parameters[BUDGET];
  return state === undefined ? undefined : ops.reshape(ops.slice(state, [0], [1]), []);
}

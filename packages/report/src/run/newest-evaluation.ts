import type { Evaluation } from "@blora/runs";

/** The newest evaluation of the split a run is judged by, which comes first at every step; undefined before there is one. */
export function newestEvaluation(evaluations: readonly Evaluation[]): Evaluation | undefined {
  const newest = evaluations.at(-1)?.step;
  return evaluations.find(({ step }) => step === newest);
}

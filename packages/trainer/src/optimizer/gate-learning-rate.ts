import type { Method, Progress } from "@blora/spec";
import { ofGroups, type TrainingState } from "../state/training-state.ts";

/** Slowest rate at which gates still learn within common budgets. */
const MINIMUM = 1e-2;

/** Every gate is off below this logit. */
const OFF_LOGIT = -1;

/**
 * AdamW moves a logit by at most its learning rate per update, so a gate can
 * only close if rate times updates covers the way: enough for the farthest
 * gate to go three times that way while the current phase lasts.
 *
 * @returns undefined while there are no gates
 */
export function automaticGateLearningRate(
  state: TrainingState,
  method: Method,
  progress: Progress,
): number | undefined {
  const logits = [...ofGroups(state, ["gates"]).values()].flatMap(({ parameter }) => Array.from(parameter.values));
  if (logits.length === 0) return undefined;
  const travel = logits.reduce((most, logit) => Math.max(most, logit), -Infinity) - OFF_LOGIT;
  return Math.max(MINIMUM, (3 * travel) / phaseSteps(method, progress));
}

/** Updates until the method names another phase or the run ends. */
function phaseSteps(method: Method, progress: Progress): number {
  const phase = method.phase?.(progress);
  let end = progress.step + 1;
  while (end < progress.totalSteps && method.phase?.({ ...progress, step: end }) === phase) end++;
  return end - progress.step;
}

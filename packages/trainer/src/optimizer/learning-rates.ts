import { type Method, type ParameterGroup, PluginError } from "@blora/spec";
import type { ScheduleType, TrainingArguments } from "../arguments.ts";
import type { TrainingState } from "../state/training-state.ts";

export interface Schedule {
  readonly type: ScheduleType;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

/**
 * The factor on the learning rate at an update, counted from 0, as
 * `transformers.get_scheduler` gives it: linear warm-up from 0, then linear
 * decay to 0, half a cosine to 0, or no decay.
 */
export function scheduleFactor({ type, warmupSteps, totalSteps }: Schedule, step: number): number {
  if (step < warmupSteps) return step / Math.max(1, warmupSteps);
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  switch (type) {
    case "constant":
      return 1;
    case "linear":
      return Math.max(0, 1 - progress);
    case "cosine":
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
  }
}

/** Learning rates of one update, by group; of the method's own groups, those it names an optimizer for. */
export type LearningRates = Readonly<Record<"weights" | "head", number>> &
  Readonly<Partial<Record<Exclude<ParameterGroup, "frozen">, number>>>;

type RateArguments = Pick<
  TrainingArguments,
  "learningRate" | "headLearningRate" | "lrSchedulerType" | "warmupSteps" | "warmupRatio"
>;

/** Updates of warm-up. */
export function warmupStepsOf(
  { warmupSteps, warmupRatio }: Pick<TrainingArguments, "warmupSteps" | "warmupRatio">,
  totalSteps: number,
): number {
  return warmupSteps ?? Math.ceil(totalSteps * warmupRatio);
}

/** Weights and head follow the schedule of the run; the method's own groups have constant rates. */
export function learningRatesAt(
  args: RateArguments,
  { training }: Pick<Method, "training">,
  step: number,
  totalSteps: number,
): LearningRates {
  const warmupSteps = warmupStepsOf(args, totalSteps);
  const factor = scheduleFactor({ type: args.lrSchedulerType, warmupSteps, totalSteps }, step);
  const own = Object.entries(training?.optimizer ?? {}).map(([group, { learningRate }]) => [group, learningRate]);
  return {
    ...Object.fromEntries(own),
    weights: args.learningRate * factor,
    head: (args.headLearningRate ?? args.learningRate) * factor,
  };
}

/** @throws PluginError naming the first trained parameter whose group has no learning rate */
export function requireLearningRates(state: TrainingState, rates: LearningRates): void {
  for (const [name, { parameter }] of state.entries()) {
    const { group } = parameter;
    if (group === "frozen" || rates[group] !== undefined) continue;
    throw new PluginError(
      `${name}: expected the method to name an optimizer for its group "${group}" in training.optimizer, found none.`,
    );
  }
}

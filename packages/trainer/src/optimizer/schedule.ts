export type ScheduleType = "linear" | "constant" | "cosine";

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

import type { JsonObject } from "@blora/spec";
import { parseTrainingArguments, type TrainingArguments, type TrainingArgumentsInput } from "./arguments.ts";
import { learningRatesAt } from "./optimizer/learning-rates.ts";
import { type PreparedRun, planRows } from "./prepare-training.ts";
import type { RunProgress } from "./state/progress.ts";

/** Where a run stands by the arguments it goes on with: more patience takes an early stop back. */
export function progressWith(
  progress: RunProgress,
  { earlyStoppingPatience = Infinity }: TrainingArguments,
): RunProgress {
  const { stoppedEarly, evaluationsWithoutImprovement } = progress;
  return { ...progress, stoppedEarly: stoppedEarly && evaluationsWithoutImprovement >= earlyStoppingPatience };
}

/** Whether nothing is left to train. */
export function isOver({ step, stoppedEarly }: RunProgress, { plan }: PreparedRun): boolean {
  return stoppedEarly || step >= plan.totalSteps;
}

/** What other settings do at once: the learning rate that a run goes on with, where that is not the one it stopped at. */
export function rateWarning(started: JsonObject, prepared: PreparedRun, step: number): string | undefined {
  const before = argumentsOf(started);
  if (before === undefined) return undefined;
  const { args, model, plan, rows } = prepared;
  const totalBefore = planRows(rows, before, model.maxLength).totalSteps;
  const old = learningRatesAt(before, model.method, step, totalBefore).weights;
  const rate = learningRatesAt(args, model.method, step, plan.totalSteps).weights;
  if (rate === old) return undefined;
  return `The learning rate goes on at ${short(rate)}, by the schedule of ${plan.totalSteps} steps; that of ${totalBefore} steps, with which the run was started, has ${short(old)} here.`;
}

/** Undefined for those of another version. */
function argumentsOf({ arguments: given }: JsonObject): TrainingArguments | undefined {
  try {
    return parseTrainingArguments(given as TrainingArgumentsInput);
  } catch {
    return undefined;
  }
}

function short(rate: number): string {
  return String(Number(rate.toPrecision(3)));
}

import type { Json, JsonObject } from "@blora/spec";
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

/**
 * Where a run stands that goes on with other settings: a score on other rows than those it is evaluated on now is none to
 * compare with, and the weights that had it are no longer the best.
 *
 * @param started the configuration of the run
 * @returns the progress and what to say of it
 */
export function comparableProgress(
  progress: RunProgress,
  started: JsonObject,
  { config }: Pick<PreparedRun, "config">,
): { readonly progress: RunProgress; readonly warning?: string } {
  const { best, last, ...rest } = progress;
  if (best === undefined || decidingRows(started) === decidingRows(config)) return { progress };
  return {
    progress: { ...rest, evaluationsWithoutImprovement: 0, stoppedEarly: false },
    warning: `The best evaluation so far, at step ${best.record.step}, was of other rows: it is no longer compared, and its weights are not kept.`,
  };
}

/** Name, number and content of the rows that decide which weights are best. */
function decidingRows({ data }: JsonObject): string {
  const { evaluation } = (data ?? {}) as { readonly evaluation?: readonly Json[] };
  return JSON.stringify(evaluation?.[0]);
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

export {
  parseTrainingArguments,
  type TrainingArguments,
  type TrainingArgumentsInput,
  trainingArgumentNames,
  trainingArgumentsSchema,
} from "./arguments.ts";
export { passesOf } from "./data/buckets.ts";
export { type EvaluationSummary, evaluate } from "./evaluate.ts";
export type { SplitResult } from "./evaluation.ts";
export {
  type FilesInMemory,
  type PredictInMemory,
  predictInMemory,
  type TrainedInMemory,
  type TrainInMemory,
  trainInMemory,
} from "./in-memory.ts";
export { type AdamWSettings, adamWUpdate, freshMoments, type Moments } from "./optimizer/adamw.ts";
export { type Schedule, type ScheduleType, scheduleFactor } from "./optimizer/learning-rates.ts";
export { clipByGlobalNorm } from "./optimizer/update.ts";
export { type ModelPlan, type PlannedStep, type PlannedTensor, type PlanParts, planModel } from "./plan-model.ts";
export { type AnswerStore, type Predictions, type PredictRun, predict } from "./predict.ts";
export { type PreparedRun, prepareRun } from "./prepare.ts";
export { describeRun, initAdapters, type RunInputs, readData } from "./prepare-training.ts";
export type { EvaluateRun, RunParts, TrainRun } from "./run.ts";
export type { Snapshot } from "./state/training-state.ts";
export { train } from "./train.ts";

/** What needs no file system: the same functions as in Node. */
export {
  parseTrainingArguments,
  type ScheduleType,
  type TrainingArguments,
  type TrainingArgumentsInput,
  trainingArgumentsSchema,
} from "./arguments.ts";
export {
  type FilesInMemory,
  type PredictInMemory,
  predictInMemory,
  type TrainedInMemory,
  type TrainInMemory,
  trainInMemory,
} from "./in-memory.ts";
export type { RunParts } from "./run.ts";

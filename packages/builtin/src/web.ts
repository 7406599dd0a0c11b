export { type BuiltinTaskOptions, builtinTask } from "./builtin-task.ts";
export { acceptabilityExamples, type BuiltinSplit, pretrainingSentences, TASK_SEED } from "./generator/examples.ts";

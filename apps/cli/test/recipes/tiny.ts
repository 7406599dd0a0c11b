import { builtinTask } from "@blora/builtin";
import type { RunConfig } from "@blora/core";
import { lora } from "@blora/lora";
import type { TrainingArgumentsInput } from "@blora/trainer";

/** A dozen updates, with a checkpoint after each. */
const recipe: RunConfig<TrainingArgumentsInput> = {
  task: builtinTask(),
  method: lora({ rank: 2 }),
  training: { maxSteps: 12, evalSteps: 4, saveSteps: 1, maxTrainSamples: 64, maxEvalSamples: 32 },
};

export default recipe;

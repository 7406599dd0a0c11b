import type { RunConfig } from "@blora/core";
import { tfjs } from "@blora/engine-tfjs";
import { lora } from "@blora/lora";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

/** A run that leaves nothing open. */
const recipe: RunConfig<TrainingArgumentsInput> = {
  model: "org/of-config",
  task: glue({ task: "rte" }),
  data: "data-of-config",
  method: lora({ rank: 3, alpha: 5 }),
  engine: tfjs({ backend: "wasm" }),
  training: { seed: 5, maxSteps: 7, maxSeqLength: 64 },
  out: "runs/of-config",
};

export default recipe;

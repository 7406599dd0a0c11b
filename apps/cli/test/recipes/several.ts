import { builtinTask } from "@blora/builtin";
import type { RunConfig } from "@blora/core";
import { lora } from "@blora/lora";
import { glue } from "@blora/task-glue";

const { manifest: _, ...unnamed } = lora({ rank: 2 });

/** Two tasks, and a method that does not say how it was made. */
const runs: readonly RunConfig[] = [builtinTask(), glue({ task: "rte" })].map((task) => ({
  task,
  method: unnamed as RunConfig["method"],
}));

export default runs;

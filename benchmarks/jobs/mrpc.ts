/** MRPC of `recipes/glue/lora-8.ts` alone, for `bench:jobs-overhead` on a run of minutes. */
import type { RunConfig } from "@blora/core";
import type { TrainingArgumentsInput } from "@blora/trainer";
import lora from "../../recipes/glue/lora-8.ts";

const runs: readonly RunConfig<TrainingArgumentsInput>[] = lora.filter(({ task }) => task.name === "mrpc");

export default runs;

import type { RunConfig } from "@blora/core";
import type { Component } from "@blora/spec";
import { glue } from "@blora/task-glue";
import type { TrainingArgumentsInput } from "@blora/trainer";

/** Each task with its updates, which see its rows one to four times. */
const UPDATES = { rte: 300, mrpc: 300, stsb: 400, cola: 500, sst2: 500 } as const;

export type GlueTask = keyof typeof UPDATES;

export const FIVE_TASKS: readonly GlueTask[] = ["rte", "mrpc", "stsb", "cola", "sst2"];

/** One method on GLUE tasks from all-MiniLM-L6-v2 (22 million parameters), 300 to 500 updates of 32 rows. */
export function fromMinilm(
  method: Component<"method">,
  tasks: readonly GlueTask[] = FIVE_TASKS,
  training: TrainingArgumentsInput = {},
): RunConfig<TrainingArgumentsInput>[] {
  return tasks.map((task) => ({
    model: process.env.BLORA_MINILM ?? "sentence-transformers/all-MiniLM-L6-v2",
    task: glue({ task }),
    method,
    training: {
      learningRate: 1e-3,
      warmupRatio: 0.06,
      perDeviceTrainBatchSize: 32,
      maxSteps: UPDATES[task],
      evalSteps: UPDATES[task] / 4,
      maxSeqLength: 128,
      // Every row of the four small tasks, and a fixed part of SST-2.
      maxTrainSamples: 9000,
      ...training,
    },
  }));
}

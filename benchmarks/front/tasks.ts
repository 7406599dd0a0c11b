import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { bert } from "@blora/model-bert";
import { llama } from "@blora/model-llama";
import type { Architecture, Task } from "@blora/spec";
import { type GlueTaskName, glue } from "@blora/task-glue";
import { instruct } from "@blora/task-instruct";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { architectureOf } from "../models/architecture-of.ts";

/** A task every row is trained on: a float warm-up that rows share, then each row's own updates. */
export interface FrontTask {
  readonly id: string;
  readonly task: Task;
  readonly architecture: Architecture;
  readonly model: string;
  readonly data: string;
  /** Updates of the warm-up, and of the warm-up and what follows together. */
  readonly warmupSteps: number;
  readonly totalSteps: number;
  /** Of these, a row with gates learns them for so many after the warm-up. */
  readonly gateSteps: number;
  readonly training: TrainingArgumentsInput;
}

const cache = join(homedir(), ".cache", "blora");
const minilm = process.env.BLORA_MINILM ?? join(cache, "models", "all-MiniLM-L6-v2");
const smollm2 = process.env.BLORA_SMOLLM2 ?? join(cache, "models", "SmolLM2-135M-Instruct");
const factbook = process.env.BLORA_FACTBOOK ?? join(cache, "data", "factbook");
const glueFolder = join(process.env.BLORA_DATA ?? ".", "glue");

const shared = {
  learningRate: 1e-3,
  warmupRatio: 0.06,
  perDeviceTrainBatchSize: 32,
  perDeviceEvalBatchSize: 64,
} as const;

function fromMinilm(
  name: GlueTaskName,
  warmupSteps: number,
  totalSteps: number,
  splits: { readonly train?: string; readonly evaluation?: readonly string[] } = {},
): FrontTask {
  return {
    id: name,
    task: glue({ task: name, ...splits }),
    architecture: bert(),
    model: minilm,
    data: glueFolder,
    warmupSteps,
    totalSteps,
    gateSteps: Math.round((totalSteps - warmupSteps) / 2),
    // A fixed part of SST-2; of the others, every row there is.
    training: { ...shared, maxSeqLength: 128, maxTrainSamples: name === "sst2" ? 9000 : 10_000 },
  };
}

/** Tasks whose evaluation loss separates methods come first. */
export const FRONT_TASKS: readonly FrontTask[] = [
  fromMinilm("mnli", 400, 600, { train: "train_subset.tsv", evaluation: ["validation_matched"] }),
  fromMinilm("sst2", 400, 600),
  {
    id: "factbook",
    task: instruct(),
    architecture: existsSync(smollm2) ? architectureOf(smollm2) : llama(),
    model: smollm2,
    data: factbook,
    warmupSteps: 120,
    totalSteps: 180,
    gateSteps: 30,
    training: {
      ...shared,
      learningRate: 5e-4,
      perDeviceTrainBatchSize: 4,
      perDeviceEvalBatchSize: 4,
      maxSeqLength: 256,
      packing: true,
      maxEvalSamples: 160,
    },
  },
  fromMinilm("cola", 400, 600),
  fromMinilm("stsb", 300, 450),
  fromMinilm("mrpc", 200, 300),
];

/** The task in a few updates, to see that every row runs: its numbers mean nothing. */
export function smokeTest(task: FrontTask): FrontTask {
  const training = { ...task.training, perDeviceTrainBatchSize: 4, maxTrainSamples: 64, maxEvalSamples: 16 };
  return { ...task, warmupSteps: 8, totalSteps: 14, gateSteps: 3, training };
}

/** Folders a task needs and this machine lacks. */
export function missingFolders({ model, data }: FrontTask): string[] {
  return [model, data].filter((folder) => !existsSync(folder));
}

import type { Engine, Feed, NoiseKey, StepDefinition, StepResult } from "@blora/spec";
import type { Batch } from "../data/buckets.ts";
import type { EncodedSplit } from "../data/encoded-split.ts";
import { batchFeeds } from "../data/feeds.ts";
import type { TrainingState } from "../state/training-state.ts";
import { evaluationStep, OBSERVATION_SEPARATOR, observationStep, trainingStep } from "./definitions.ts";
import type { Model } from "./model.ts";
import { createStepCache } from "./step-cache.ts";
import { type StepShape, stepShape } from "./step-shape.ts";

export interface StepRunnerOptions {
  readonly engine: Engine;
  readonly model: Model;
  readonly state: TrainingState;
  readonly seed: number;
  readonly padId: number;
  onCompile(name: string, milliseconds: number): void;
}

/** Scalars by site path and name. */
export type Observations = Map<string, Record<string, number>>;

/** Runs batches through compiled steps with the current parameters. */
export interface StepRunner {
  /** Loss and gradients of one batch. `noiseStep` picks the noise, counted from 1. */
  train(
    split: EncodedSplit,
    batch: Batch,
    batchSize: number,
    rowWeight: number,
    noiseStep: number,
  ): Promise<StepResult>;
  /** `logits` [B, C] and `losses` [B]; rows beyond the batch repeat its first row. */
  evaluate(split: EncodedSplit, batch: Batch, batchSize: number): Promise<StepResult>;
  observe(split: EncodedSplit, batch: Batch, batchSize: number): Promise<Observations>;
  compileMilliseconds(): number;
  release(): Promise<void>;
}

/** Evaluation is deterministic; engines still ask which noise it would be. */
const NO_NOISE_STEP = 0;

export function createStepRunner({ engine, model, state, seed, padId, onCompile }: StepRunnerOptions): StepRunner {
  const cache = createStepCache(engine, onCompile);
  const { head } = model.task;

  const run = async (
    kind: string,
    define: (model: Model, shape: StepShape) => StepDefinition,
    feeds: Record<string, Feed>,
    batchSize: number,
    length: number,
    noise: NoiseKey,
  ): Promise<StepResult> => {
    const key = `${kind} ${batchSize}x${length}`;
    const step = await cache.get(state.signature(), key, () => define(model, stepShape(state, batchSize, length)));
    const trainable: Record<string, Float32Array> = {};
    const inputs: Record<string, Feed> = { ...feeds };
    for (const [name, { parameter }] of state.entries()) {
      const target = kind === "train" && parameter.group !== "frozen" ? trainable : inputs;
      target[name] = parameter.values;
    }
    return step.run(inputs, trainable, noise);
  };

  const evaluationRun = (
    kind: string,
    define: (model: Model, shape: StepShape) => StepDefinition,
    split: EncodedSplit,
    batch: Batch,
    batchSize: number,
  ): Promise<StepResult> => {
    const feeds = batchFeeds(split.rows, batch, batchSize, 1, padId, head);
    return run(kind, define, feeds, batchSize, batch.length, { seed, step: NO_NOISE_STEP });
  };

  return {
    train(split, batch, batchSize, rowWeight, noiseStep) {
      const feeds = batchFeeds(split.rows, batch, batchSize, rowWeight, padId, head);
      return run("train", trainingStep, feeds, batchSize, batch.length, { seed, step: noiseStep });
    },
    evaluate: (split, batch, batchSize) => evaluationRun("evaluate", evaluationStep, split, batch, batchSize),
    async observe(split, batch, batchSize) {
      const { outputs } = await evaluationRun("observe", observationStep, split, batch, batchSize);
      const observations: Observations = new Map(state.paths.map((path) => [path, {}]));
      for (const [name, values] of Object.entries(outputs)) {
        const [path, scalar] = name.split(OBSERVATION_SEPARATOR) as [string, string];
        observations.get(path)![scalar] = values[0]!;
      }
      return observations;
    },
    compileMilliseconds: cache.compileMilliseconds,
    release: cache.release,
  };
}

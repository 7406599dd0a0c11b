import { createStepCache, tokenFeeds } from "@blora/network";
import type { Engine, Feed, StepDefinition, StepResult } from "@blora/spec";
import type { Batch } from "../data/buckets.ts";
import type { TrainingRow } from "../data/packing.ts";
import type { Objective } from "../objective/objective.ts";
import type { TrainingState } from "../state/training-state.ts";
import type { Model } from "./definitions.ts";
import { evaluationStep, observationStep, trainingStep } from "./definitions.ts";
import { type Observations, readObservations } from "./observation.ts";
import { type BatchShape, type StepShape, stepShape } from "./step-shape.ts";

export interface StepRunnerOptions {
  readonly engine: Engine;
  readonly model: Model;
  readonly state: TrainingState;
  readonly seed: number;
  readonly padId: number;
  onCompile(name: string, milliseconds: number): void;
}

/** Runs batches through compiled steps with the current parameters. */
export interface StepRunner {
  /** Loss and gradients of one batch whose losses weigh `weight` each. `noiseStep` picks the noise, counted from 1. */
  train(rows: readonly TrainingRow[], batch: Batch, weight: number, noiseStep: number): Promise<StepResult>;
  /** `losses` [N], those of the batch's rows first and in order; `logits` [B, C] where rows have one answer. */
  evaluate(rows: readonly TrainingRow[], batch: Batch): Promise<StepResult>;
  /** What `MethodTraining.observe` records of one batch. */
  observe(rows: readonly TrainingRow[], batch: Batch): Promise<Observations>;
  compileMilliseconds(): number;
  release(): Promise<void>;
}

/** Evaluation is deterministic; engines still ask which noise it would be. */
const NO_NOISE_STEP = 0;

export function createStepRunner({ engine, model, state, seed, padId, onCompile }: StepRunnerOptions): StepRunner {
  const cache = createStepCache(engine, { onCompile });
  let signature = state.signature();
  const { objective } = model;

  const run = async (
    kind: string,
    define: (model: Model, shape: StepShape) => StepDefinition,
    rows: readonly TrainingRow[],
    shape: BatchShape,
    feeds: Record<string, Feed>,
    step: number,
  ): Promise<StepResult> => {
    const key = `${kind} ${JSON.stringify(shape)}`;
    if (signature !== state.signature()) {
      // Layouts never come back: no step of the old ones is needed again.
      await cache.release();
      signature = state.signature();
    }
    const compiled = await cache.get(key, () => define(model, stepShape(state, shape)));
    const trainable: Record<string, Float32Array> = {};
    const inputs: Record<string, Feed> = {
      ...tokenFeeds(rows, shape, padId),
      ...objective.feeds(rows, shape),
      ...feeds,
    };
    for (const [name, { parameter }] of state.entries()) {
      const target = kind === "train" && parameter.group !== "frozen" ? trainable : inputs;
      target[name] = parameter.values;
    }
    return compiled.run(inputs, trainable, { seed, step });
  };

  const evaluationRun = (
    kind: string,
    define: (model: Model, shape: StepShape) => StepDefinition,
    all: readonly TrainingRow[],
    batch: Batch,
  ): Promise<StepResult> => {
    const rows = batch.rows.map((row) => all[row]!);
    return run(kind, define, rows, shapeOf(objective, rows, batch), {}, NO_NOISE_STEP);
  };

  return {
    train(all, batch, weight, noiseStep) {
      const rows = batch.rows.map((row) => all[row]!);
      const shape = shapeOf(objective, rows, batch);
      const count = rows.reduce((total, row) => total + objective.lossesOf(row), 0);
      const weights = new Float32Array(shape.losses).fill(weight, 0, count);
      return run("train", trainingStep, rows, shape, { weights }, noiseStep);
    },
    evaluate: (rows, batch) => evaluationRun("evaluate", evaluationStep, rows, batch),
    async observe(rows, batch) {
      const { outputs } = await evaluationRun("observe", observationStep, rows, batch);
      return readObservations(state.paths, outputs);
    },
    compileMilliseconds: cache.compileMilliseconds,
    release: cache.release,
  };
}

function shapeOf(objective: Objective, rows: readonly TrainingRow[], { size, length }: Batch): BatchShape {
  return {
    batchSize: size,
    length,
    losses: objective.size(rows, size, length),
    packed: rows.some(({ starts = [0] }) => starts.length > 1),
  };
}

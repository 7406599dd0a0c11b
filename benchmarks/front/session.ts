/**
 * The front's only way into the trainer: preparation, loop, state and
 * evaluation are the ones every run uses.
 */
import { join } from "node:path";
import { bops } from "@blora/bops";
import { sha256 } from "@blora/files";
import { lora } from "@blora/lora";
import { newestCheckpoint, type Reporter, writeCheckpoint } from "@blora/runs";
import type { Engine, Method } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { type PreparedRun, prepareRun } from "../../packages/trainer/src/prepare.ts";
import { initAdapters } from "../../packages/trainer/src/prepare-training.ts";
import { FRESH_PROGRESS, type RunProgress } from "../../packages/trainer/src/state/progress.ts";
import { readState, writeState } from "../../packages/trainer/src/state/state-files.ts";
import { createTrainingState, type TrainingState } from "../../packages/trainer/src/state/training-state.ts";
import type { Model } from "../../packages/trainer/src/steps/definitions.ts";
import { createStepRunner, type StepRunner } from "../../packages/trainer/src/steps/step-runner.ts";
import { trainingLoop } from "../../packages/trainer/src/training-loop.ts";
import type { FrontTask } from "./tasks.ts";

/** One task and seed, its data read and its network open. */
export interface Session {
  readonly task: FrontTask;
  readonly engine: Engine;
  /** Of all products. */
  readonly precision: string;
  readonly prepared: PreparedRun;
  readonly padId: number;
  /** Where warm-ups and float controls are kept: a folder of its own for every setting they depend on. */
  readonly folder: string;
}

export async function openSession(task: FrontTask, seed: number, engine: Engine, runs: string): Promise<Session> {
  const tokenizer = await loadTokenizer(task.model);
  const prepared = await prepareRun({
    ...task,
    tokenizer,
    engine,
    checkpoint: openCheckpoint(task.model),
    method: lora(),
    costModel: bops(),
    outputDirectory: "",
    arguments: { ...task.training, seed, maxSteps: task.totalSteps, evalSteps: task.totalSteps },
  });
  const { arguments: args, data, model } = prepared.config;
  const settings = JSON.stringify([args, data, model, task.warmupSteps]);
  const key = sha256(settings).slice(0, 8);
  return {
    task,
    engine,
    precision: "float32",
    prepared,
    padId: tokenizer.special.pad,
    folder: join(runs, `${task.id}-${seed}-${key}`),
  };
}

/** Where training has come to. */
export interface Stage {
  readonly state: TrainingState;
  readonly progress: RunProgress;
}

export interface Trained extends Stage {
  /** Training loss of every update made. */
  readonly losses: readonly number[];
  /** Of the updates, compilation not counted. */
  readonly seconds: number;
}

/** LoRA of a rank after the warm-up: trained once, then read from disk. */
export async function warmUp(session: Session, rank: number): Promise<Stage> {
  const folder = join(session.folder, `warm-up-${rank}`);
  const found = await readStage(folder);
  if (found !== undefined) return found;
  await trainRow(session, lora({ rank }), {
    until: session.task.warmupSteps,
    save: ({ state, progress }) => saveStage(folder, { state, progress }),
  });
  return (await readStage(folder))!;
}

export async function saveStage(folder: string, { state, progress }: Stage): Promise<void> {
  await writeCheckpoint(folder, progress.step, (aside) => writeState(aside, state, progress));
}

export async function readStage(folder: string): Promise<Stage | undefined> {
  const checkpoint = await newestCheckpoint(folder, (message) => console.error(message));
  return checkpoint && readState(checkpoint.folder);
}

export interface TrainOptions {
  /** Stage of a LoRA warm-up to go on from; the method's own start where absent. */
  readonly from?: Stage | undefined;
  readonly learningRate?: number | undefined;
  /** Updates to stop after; the task's total where absent. */
  readonly until?: number;
  /** Called where training stops before the task's total. */
  save?(stage: Stage): Promise<void>;
}

/** Trains a method to the end of the task's updates. */
export async function trainRow(session: Session, method: Method, options: TrainOptions): Promise<Trained> {
  const { prepared, task } = session;
  const { until = task.totalSteps, learningRate = prepared.args.learningRate } = options;
  const model = { ...prepared.model, method };
  const state =
    options.from === undefined
      ? createTrainingState(initAdapters(model, prepared.args.seed), model.freshHead)
      : goOn(options.from.state, method, prepared);
  const start = options.from?.progress ?? FRESH_PROGRESS;
  const losses: number[] = [];
  const runner = openRunner(session, model, state);
  try {
    const { progress } = await trainingLoop({
      // The loop evaluates at its end: one row is enough, since `evaluateRow` follows.
      prepared: { ...prepared, model, args: { ...prepared.args, learningRate }, evaluation: firstRows(prepared) },
      state,
      runner,
      reporter: lossReporter(losses),
      start,
      shouldStop: () => start.step + losses.length >= until,
      save: async (progress) => {
        if (progress.step < task.totalSteps) await options.save?.({ state, progress });
      },
      requireHeld: () => undefined,
    });
    return { state, progress, losses, seconds: progress.seconds - start.seconds };
  } finally {
    await runner.release();
  }
}

/** The state of a warm-up under another method: parameters and averages are kept, layouts are the method's. */
function goOn(warm: TrainingState, method: Method, { model, args }: PreparedRun): TrainingState {
  const adapters = model.sites.map((site) => {
    const { layout, parameters } = method.init(site, args.seed);
    const kept = warm.adapter(site.path).parameters;
    const [expected, found] = [parameters, kept].map((record) => Object.keys(record).sort().join(", "));
    if (expected !== found) throw new Error(`${site.path}: expected a warm-up of ${expected}, found ${found}`);
    return [site.path, { layout, parameters: kept }] as const;
  });
  const state = createTrainingState(new Map(adapters), warm.head());
  const entries = state.entries();
  for (const [name, { moments }] of warm.entries()) {
    const own = entries.get(name)!.moments;
    if (moments === undefined || own === undefined) continue;
    own.step = moments.step;
    own.first.set(moments.first);
    own.second.set(moments.second);
  }
  return state;
}

export function openRunner({ engine, prepared, padId }: Session, model: Model, state: TrainingState): StepRunner {
  return createStepRunner({ engine, model, state, seed: prepared.args.seed, padId, onCompile: () => undefined });
}

function firstRows({ evaluation }: PreparedRun): PreparedRun["evaluation"] {
  return evaluation.slice(0, 1).map((split) => ({ ...split, rows: split.rows.slice(0, 1) }));
}

function lossReporter(losses: number[]): Reporter {
  const nothing = (): void => undefined;
  return {
    emit: (event) => {
      if (event.type === "step") losses.push(event.loss);
    },
    logStep: nothing,
    logGates: nothing,
    evaluation: nothing,
    close: nothing,
  };
}

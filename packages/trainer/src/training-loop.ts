import type { AnswerCounts, EvaluationRecord, Reporter, StartEvent, StepEvent } from "@blora/runs";
import {
  type AdapterStore,
  type GateProbabilities,
  isLanguageModelTask,
  type Method,
  type Progress,
} from "@blora/spec";
import { summarizeCost, summarizeSites } from "./cost.ts";
import { evaluateSplit, evaluationOptions, giveWay } from "./evaluation.ts";
import { accumulateGradients, requireFiniteUpdate, type UpdateGradients } from "./gradients.ts";
import { trainableParameters } from "./memory.ts";
import { answerCounts } from "./objective/answer-counts.ts";
import { labelsOf } from "./objective/label-objective.ts";
import { baselineScores } from "./objective/objective-of.ts";
import { learningRatesAt, requireLearningRates } from "./optimizer/learning-rates.ts";
import { gradientNorms, updateParameters } from "./optimizer/update.ts";
import type { PreparedRun } from "./prepare-training.ts";
import { afterEvaluation, NO_LOSS, type RunProgress } from "./state/progress.ts";
import { createAdapterStore, type TrainingState, takeSnapshot } from "./state/training-state.ts";
import type { StepRunner } from "./steps/step-runner.ts";
import { resultWarnings } from "./warnings.ts";

export interface LoopOptions {
  readonly prepared: PreparedRun;
  readonly state: TrainingState;
  readonly runner: StepRunner;
  readonly reporter: Reporter;
  readonly start: RunProgress;
  shouldStop(): boolean;
  save(progress: RunProgress): Promise<void>;
  /** Called after every step: throws where another process has taken the run over. */
  requireHeld(): void;
}

export interface LoopResult {
  readonly progress: RunProgress;
  readonly interrupted: boolean;
}

/**
 * Trains from `start` to the last step, an early stop, or a request to stop. One that comes during an evaluation
 * gives that up: a run that goes on from the checkpoint makes it first.
 */
export async function trainingLoop(options: LoopOptions): Promise<LoopResult> {
  const { prepared, reporter, shouldStop, save } = options;
  const { args, plan } = prepared;
  const evalSteps = args.evalSteps ?? plan.stepsPerEpoch;
  const saveSteps = args.saveSteps ?? evalSteps;
  const began = performance.now();
  let progress = options.start;
  let saved = progress;

  const isLast = (): boolean => progress.step >= plan.totalSteps;
  const isDueAfter = (steps: number): boolean => progress.step > 0 && (progress.step % steps === 0 || isLast());
  const awaitsEvaluation = (): boolean => isDueAfter(evalSteps) && progress.last?.step !== progress.step;
  const checkpoint = async (): Promise<void> => {
    if (saved === progress && progress.step > 0) return;
    await save(progress);
    saved = progress;
  };

  while (awaitsEvaluation() || !(isLast() || progress.stoppedEarly)) {
    if (shouldStop()) {
      await checkpoint();
      return { progress, interrupted: true };
    }
    if (!awaitsEvaluation()) {
      progress = await trainOneStep(options, progress, (step) =>
        secondsLeft(began, options.start.step, step, plan.totalSteps),
      );
      options.requireHeld();
      await giveWay(); // lets messages and timers in: a step blocks the thread
    }
    if (awaitsEvaluation()) {
      const evaluated = await evaluateNow(options, progress);
      if (evaluated === undefined) continue;
      progress = evaluated;
    }
    if (isDueAfter(saveSteps) || progress.stoppedEarly) await checkpoint();
  }
  if (progress.stoppedEarly) reporter.emit({ type: "warning", message: earlyStopMessage(progress) });
  return { progress, interrupted: false };
}

async function trainOneStep(
  options: LoopOptions,
  progress: RunProgress,
  remaining: (step: number) => number,
): Promise<RunProgress> {
  const { prepared, state, runner, reporter } = options;
  const { args, model, plan, rows } = prepared;
  const { method } = model;
  const batches = plan.batchesOf(progress.step);
  const place: Progress = { step: progress.step, totalSteps: plan.totalSteps, seed: args.seed };
  const store = storeOf(options, () => runner.observe(rows, batches[0]!));

  const started = performance.now() - runner.compileMilliseconds();
  await method.training?.beforeStep?.(store, place);
  const learningRates = learningRatesAt(args, method, progress.step, plan.totalSteps);
  requireLearningRates(state, learningRates);
  const result = await accumulateGradients({
    ...{ runner, rows, batches, objective: model.objective },
    firstNoiseStep: progress.step * plan.mostPasses + 1,
  });
  const norms = gradientNorms(state, result.gradients);
  const losses = { "task loss": result.loss, penalty: result.penalty ?? 0 };
  requireFiniteUpdate(progress.step + 1, losses, result.gradients, norms);
  updateParameters(state, result.gradients, norms, {
    learningRates,
    beta1: args.adamBeta1,
    beta2: args.adamBeta2,
    epsilon: args.adamEpsilon,
    weightDecay: args.weightDecay,
    maxGradNorm: args.maxGradNorm,
  });
  method.training?.afterStep?.(store, place, result.gradients);
  const seconds = (performance.now() - runner.compileMilliseconds() - started) / 1000;

  const step = progress.step + 1;
  const phase = method.training?.phase?.(place);
  const event: StepEvent = {
    type: "step",
    step,
    totalSteps: plan.totalSteps,
    epoch: step / plan.stepsPerEpoch,
    ...(phase !== undefined && { phase }),
    loss: result.loss,
    ...(result.penalty !== undefined && { penalty: result.penalty }),
    gradientNorm: norms.weights!,
    learningRate: learningRates.weights,
    tokensPerSecond: result.tokens / seconds,
    secondsLeft: remaining(step),
  };
  reporter.emit(event);
  const sum = addLoss(progress.lossSum, result);
  const logs = step % args.loggingSteps === 0 || step === plan.totalSteps;
  if (logs) {
    reporter.logStep(event, sum);
    reporter.logGates(step, gatesOf(method, state));
  }
  return {
    ...progress,
    step,
    lossSum: logs ? NO_LOSS : sum,
    seconds: progress.seconds + seconds,
    losses: progress.losses + result.losses,
    tokens: progress.tokens + result.tokens,
    paddedTokens: progress.paddedTokens + result.paddedTokens,
  };
}

/** Undefined where a request to stop ended it. */
async function evaluateNow(
  { prepared, state, runner, reporter, shouldStop }: LoopOptions,
  progress: RunProgress,
): Promise<RunProgress | undefined> {
  const { args, model, evaluation, plan } = prepared;
  const { task, method, costModel, sites } = model;
  const options = { ...evaluationOptions(runner, model, args), shouldStop };
  const splits: Record<string, EvaluationRecord["splits"][string]> = {};
  const warnings: string[] = [];
  let answers: AnswerCounts | undefined;
  const started = performance.now() - runner.compileMilliseconds();
  for (const split of evaluation) {
    const result = await evaluateSplit(split, options);
    if (result === undefined) return undefined;
    const { loss, scores, types, logits, rows } = result;
    splits[split.name] = { loss: loss!, scores: scores!, ...(types && { types }) };
    if (split === evaluation[0] && !isLanguageModelTask(task))
      answers = answerCounts(task.head, logits, split.rows.flatMap(labelsOf));
    warnings.push(
      ...resultWarnings({
        head: task.head,
        split: split.name,
        primaryMetric: task.primaryMetric,
        loss: loss!,
        scores: scores!,
        baseline: baselineScores(task, split.rows),
        logits,
        rows,
        vocabularySize: model.vocabularySize,
      }),
    );
  }
  const before = progress.evaluated ?? { rows: 0, seconds: 0 };
  const evaluated = {
    rows: before.rows + evaluation.reduce((sum, split) => sum + split.rows.length, 0),
    seconds: before.seconds + (performance.now() - runner.compileMilliseconds() - started) / 1000,
  };
  const record: EvaluationRecord = { step: progress.step, splits, warnings, ...(answers && { answers }) };
  const snapshot = takeSnapshot(state);
  const { ranks } = summarizeSites(method, sites, snapshot);
  reporter.evaluation(record, summarizeCost(method, costModel, sites, snapshot), ranks);
  return afterEvaluation({ ...progress, evaluated }, record, () => snapshot, {
    split: evaluation[0]!.name,
    metric: task.primaryMetric,
    decides: isLastPhase(method, progress.step, plan.totalSteps, args.seed),
    patience: args.earlyStoppingPatience,
  });
}

function gatesOf(method: Method, state: TrainingState): Record<string, GateProbabilities> {
  return Object.fromEntries(
    state.paths.map((path) => [path, method.training?.gateProbabilities?.(state.adapter(path)) ?? {}]),
  );
}

/** Whether the step that made these weights belongs to the phase the run ends in. */
function isLastPhase({ training }: Method, step: number, totalSteps: number, seed: number): boolean {
  const phaseOf = (step: number): string | undefined => training?.phase?.({ step, totalSteps, seed });
  return phaseOf(step - 1) === phaseOf(totalSteps - 1);
}

function storeOf({ prepared, state }: LoopOptions, observe: AdapterStore["observe"]): AdapterStore {
  const { args, model } = prepared;
  const { sites, costModel: cost, baseWeight } = model;
  return createAdapterStore({ state, beta2: args.adamBeta2, sites, cost, baseWeight, observe });
}

function addLoss({ loss, penalty, steps }: RunProgress["lossSum"], result: UpdateGradients): RunProgress["lossSum"] {
  return { loss: loss + result.loss, penalty: penalty + (result.penalty ?? 0), steps: steps + 1 };
}

function secondsLeft(began: number, from: number, step: number, totalSteps: number): number {
  return ((performance.now() - began) / 1000 / (step - from)) * (totalSteps - step);
}

function earlyStopMessage({ step, evaluationsWithoutImprovement }: RunProgress): string {
  return `Stopped after ${step} steps: ${evaluationsWithoutImprovement} evaluations in a row brought no improvement.`;
}

export function startEvent(prepared: PreparedRun, state: TrainingState, estimatedMemoryBytes: number): StartEvent {
  const { train, plan, model, engine } = prepared;
  return {
    type: "start",
    task: model.task.name,
    trainRows: train.rows.length,
    totalSteps: plan.totalSteps,
    stepsPerEpoch: plan.stepsPerEpoch,
    trainableParameters: trainableParameters(state),
    sites: model.sites.length,
    estimatedMemoryBytes,
    engine,
  };
}

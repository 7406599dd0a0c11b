import { type AdapterWeights, adapterFiles, sizesOfFiles } from "@blora/adapters";
import {
  type AnswersRecord,
  type CostLedger,
  configDifferences,
  createReporter,
  type MetricsRecord,
  type RunSummary,
} from "@blora/runs";
import {
  type Example,
  InvalidInputError,
  isLanguageModelTask,
  type JsonObject,
  parseStrictJsonObject,
} from "@blora/spec";
import { decodeTensors, encodeSafetensors, vocabularySizeOf } from "@blora/weights";
import { progressWith } from "./change-of-settings.ts";
import { costLedger } from "./cost.ts";
import { encodeExamples } from "./data/encoded-split.ts";
import { evaluateSplit, evaluationOptions } from "./evaluation.ts";
import { memoryOf } from "./memory.ts";
import {
  bindModel,
  initAdapters,
  type PreparedRun,
  prepareTraining,
  resolveArguments,
  startingState,
} from "./prepare-training.ts";
import type { RunParts } from "./run.ts";
import { FRESH_PROGRESS, type RunProgress } from "./state/progress.ts";
import {
  BEST_TENSORS,
  restoreTraining,
  STATE_JSON,
  STATE_TENSORS,
  type StoredRun,
  stateText,
  storeTraining,
} from "./state/stored-state.ts";
import { createTrainingState, type TrainingState, takeSnapshot } from "./state/training-state.ts";
import { createStepRunner } from "./steps/step-runner.ts";
import { descriptionOf, selectWeights, summarizeRun } from "./summarize-run.ts";
import { startEvent, trainingLoop } from "./training-loop.ts";
import { startWarnings } from "./warnings.ts";

/** Files by name. */
export type FilesInMemory = ReadonlyMap<string, Uint8Array>;

export interface TrainInMemory extends RunParts {
  /** Told every line that `metrics.jsonl` of a run directory would hold. */
  readonly onMetrics?: (record: MetricsRecord) => void;
  /** Asked between steps; true saves a checkpoint and ends the training, which is then interrupted. */
  readonly shouldStop?: () => boolean;
  /** Keeps a checkpoint; training goes on when it is kept. */
  readonly onCheckpoint?: (checkpoint: { readonly step: number; readonly files: FilesInMemory }) => Promise<void>;
  /** Files of the checkpoint to go on from. */
  readonly resume?: FilesInMemory;
}

/** What a training ends with. */
export interface TrainedInMemory {
  /** What `summary.json` would hold; `interrupted` where it was asked to stop. */
  readonly summary: RunSummary;
  readonly weights: AdapterWeights;
  readonly ledger: CostLedger;
  readonly answers: AnswersRecord | undefined;
  /** The adapter folder: plain and packed; empty where it was interrupted. */
  readonly files: FilesInMemory;
}

/** What the run was started with, beside the state. */
const RUN_JSON = "run.json";
const ORIGIN = "the checkpoint";

/**
 * `train` without a file system: everything it would write is given back. A training that goes on from a checkpoint
 * ends with the same bytes as one that was never interrupted.
 *
 * @throws InvalidInputError for wrong arguments or data, or a checkpoint of other settings, before the first step
 * @throws NumericalError where a loss, gradient or logit is not finite; nothing is updated by it
 */
export async function trainInMemory(run: TrainInMemory): Promise<TrainedInMemory> {
  const { onEvent: emit = () => undefined, onMetrics: metrics = () => undefined, engine, tokenizer } = run;
  // The network's values are read at once, in the middle of a phase too.
  await run.checkpoint.load?.();
  const prepared = await prepareTraining(run, { machine: {} });
  const { args, model, config } = prepared;
  const { state, progress } =
    run.resume === undefined
      ? { state: startingState(prepared), progress: FRESH_PROGRESS }
      : restored(run.resume, config);
  const memory = memoryOf(run, prepared, state);
  emit(startEvent(prepared, state, memory));
  for (const message of startWarnings(prepared, state, progress.step, { needed: memory, free: Infinity }))
    emit({ type: "warning", message });
  const runner = createStepRunner({
    ...{ engine, model, state, seed: args.seed, padId: tokenizer.special.pad },
    onCompile: (name, milliseconds) => emit({ type: "compile", name, milliseconds }),
  });
  try {
    const { progress: end, interrupted } = await trainingLoop({
      ...{ prepared, state, runner, start: progressWith(progress, args) },
      reporter: createReporter(emit, { metrics, board: () => undefined, close: () => undefined }),
      shouldStop: () => run.shouldStop?.() ?? false,
      requireHeld: () => undefined,
      save: async (progress) => {
        await run.onCheckpoint?.({ step: progress.step, files: stored(state, progress, config) });
      },
    });
    return finish(run, prepared, state, end, interrupted);
  } finally {
    await runner.release();
  }
}

function finish(
  run: TrainInMemory,
  prepared: PreparedRun,
  state: TrainingState,
  progress: RunProgress,
  interrupted: boolean,
): TrainedInMemory {
  const { method, sites, costModel } = prepared.model;
  const selected = selectWeights(prepared, progress, takeSnapshot(state));
  const { snapshot: weights, record } = selected;
  const computed = summarizeRun({ run, prepared, progress, weights: selected, interrupted });
  const ledger = costLedger(method, costModel, sites, weights);
  if (interrupted) return { summary: computed, weights, ledger, answers: undefined, files: new Map() };
  const description = descriptionOf(run, prepared, weights, record, { baseModel: run.model });
  const files = adapterFiles(method, sites, { weights, description });
  const summary = { ...computed, ...(!method.trainsBase && { adapterSizes: sizesOfFiles(files, run.model) }) };
  const answers = record?.answers && { split: summary.split, step: record.step, answers: record.answers };
  run.onEvent?.({ type: "finish", summary });
  return { summary, weights, ledger, answers, files };
}

function stored(state: TrainingState, progress: RunProgress, config: JsonObject): Map<string, Uint8Array> {
  const training = storeTraining(state, progress);
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
  const tensorsOf = (tensors: typeof training.tensors) => encodeSafetensors(new Map(Object.entries(tensors)));
  return new Map([
    [RUN_JSON, bytesOf(JSON.stringify(config))],
    [STATE_JSON, bytesOf(stateText(training))],
    [STATE_TENSORS, tensorsOf(training.tensors)],
    ...(training.best === undefined ? [] : [[BEST_TENSORS, tensorsOf(training.best)] as const]),
  ]);
}

function restored(files: FilesInMemory, config: JsonObject): { state: TrainingState; progress: RunProgress } {
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes !== undefined) return bytes;
    throw new InvalidInputError(
      `Expected a checkpoint with ${name}, found ${[...files.keys()].join(", ") || "no files"}.`,
    );
  };
  const differences = configDifferences(
    parseStrictJsonObject(bytesOf(RUN_JSON), { origin: RUN_JSON }) as JsonObject,
    config,
  );
  if (differences.length > 0) {
    throw new InvalidInputError(
      `Expected the settings this training was started with, found ${differences.join("; ")}. Start anew, or go back to those.`,
    );
  }
  const run = parseStrictJsonObject(bytesOf(STATE_JSON), { origin: STATE_JSON, anyKeys: true }) as unknown as StoredRun;
  return restoreTraining(run, (name) => decodeTensors(name, bytesOf(name)), ORIGIN);
}

export interface PredictInMemory extends RunParts {
  readonly examples: readonly Example[];
  /** Of a training; absent: the network as training would start it, with a fresh head. */
  readonly weights?: AdapterWeights;
}

/**
 * Answers examples, which need no labels, with the method in its trained form.
 *
 * @returns logits, row-major [answers, C]
 */
export async function predictInMemory(run: PredictInMemory): Promise<{ readonly logits: Float32Array }> {
  const { task, tokenizer, checkpoint, engine, examples } = run;
  if (isLanguageModelTask(task)) {
    throw new InvalidInputError(`Expected a task whose rows have labels, found ${task.name}: it continues texts.`);
  }
  await checkpoint.load?.();
  const args = resolveArguments(run);
  const model = bindModel(run, args.targets, args.seed);
  const { adapters, head } = run.weights ?? { adapters: initAdapters(model, args.seed), head: model.freshHead };
  const sites = model.sites.filter(({ path }) => adapters.has(path));
  const runner = createStepRunner({
    ...{ engine, model: { ...model, sites }, state: createTrainingState(adapters, head) },
    ...{ seed: args.seed, padId: tokenizer.special.pad, onCompile: () => undefined },
  });
  try {
    const encoded = encodeExamples(
      { name: "examples", examples },
      {
        ...{ task, tokenizer, folder: undefined, limit: undefined },
        ...{ maxLength: args.maxSeqLength, vocabularySize: vocabularySizeOf(checkpoint) },
      },
    );
    const rows = encoded.rows.map(({ labels: _, ...row }) => ({ ...row, label: undefined }));
    const result = await evaluateSplit({ ...encoded, rows }, evaluationOptions(runner, model, args));
    return { logits: result!.logits };
  } finally {
    await runner.release();
  }
}

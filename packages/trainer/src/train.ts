import { rm } from "node:fs/promises";
import { freemem } from "node:os";
import { join, resolve } from "node:path";
import { adapterSizes, type TrainedAdapter, writeAdapter } from "@blora/adapters";
import {
  copyChatTemplate,
  type FolderLock,
  lockFolder,
  readJsonFileIfPresent,
  requireFreeSpace,
  writeFileDurably,
} from "@blora/files";
import { hubSnapshot } from "@blora/hub";
import {
  ADAPTER_FOLDER,
  ANSWERS_FILE,
  type AnswersRecord,
  claimRunFolder,
  clearRun,
  configDifferences,
  LAST_ADAPTER_FOLDER,
  LEDGER_FILE,
  listCheckpoints,
  newestCheckpoint,
  openReporter,
  pruneCheckpoints,
  type RunSummary,
  readRunConfig,
  removeHalfMade,
  requireSameConfig,
  SUMMARY_FILE,
  writeCheckpoint,
  writeRunConfig,
} from "@blora/runs";
import { BloraError, NumericalError } from "@blora/spec";
import { comparableProgress, isOver, progressWith, rateWarning } from "./change-of-settings.ts";
import { costLedger } from "./cost.ts";
import { memoryOf } from "./memory.ts";
import { prepareRun } from "./prepare.ts";
import { type PreparedRun, startingState } from "./prepare-training.ts";
import type { TrainRun } from "./run.ts";
import { requireFittingState } from "./state/fitting-state.ts";
import { FRESH_PROGRESS } from "./state/progress.ts";
import { readState, writeState } from "./state/state-files.ts";
import { type TrainingState, takeSnapshot } from "./state/training-state.ts";
import { createStepRunner } from "./steps/step-runner.ts";
import { type BaseName, descriptionOf, type SelectedWeights, selectWeights, summarizeRun } from "./summarize-run.ts";
import { type LoopResult, startEvent, trainingLoop } from "./training-loop.ts";
import { headNotes, startWarnings } from "./warnings.ts";

const FOR_CHECKPOINTS = { what: "checkpoints", advice: "Free some space or lower saveTotalLimit." };

/**
 * Trains an adapter, or continues the run its output directory holds. A
 * continued run ends with the same bytes as one that was never interrupted.
 *
 * Works in whatever thread calls it. Compiled engines block that thread for
 * a step, so call it in a process or thread of its own where progress must
 * stay live; between steps it lets messages and timers in.
 *
 * @returns what `summary.json` holds; `interrupted` where `shouldStop` ended it
 * @throws InvalidInputError for wrong arguments, data or folders, before the first step
 * @throws NumericalError where a loss, gradient or logit is not finite; nothing is updated by it
 */
export async function train(run: TrainRun): Promise<RunSummary> {
  await claimRunFolder(run.outputDirectory);
  const onWatch = (message: string): void => run.onEvent?.({ type: "note", message });
  const lock = await lockFolder(run.outputDirectory, { onWatch });
  try {
    return await trainLocked(run, lock);
  } finally {
    await lock.release();
  }
}

async function trainLocked(run: TrainRun, lock: FolderLock): Promise<RunSummary> {
  const folder = run.outputDirectory;
  const emit = run.onEvent ?? (() => undefined);
  const warn = (message: string): void => emit({ type: "warning", message });
  const prepared = await prepareRun(run);
  const { args } = prepared;
  await removeHalfMade(folder);
  // After everything that can be refused was accepted.
  if (run.overwrite) await clearRun(folder);

  const checkpoint = await newestCheckpoint(folder, warn);
  const started = await readRunConfig(folder);
  const differences =
    started === undefined || checkpoint === undefined ? [] : configDifferences(started, prepared.config);
  if (!run.allowConfigChange) requireSameConfig(folder, differences);
  const { state, progress: found } =
    checkpoint === undefined
      ? { state: startingState(prepared), progress: FRESH_PROGRESS }
      : await readState(checkpoint.folder);
  let progress = progressWith(found, args);
  if (differences.length > 0) {
    const summary = isOver(progress, prepared) ? finishedSummary(folder) : undefined;
    if (summary !== undefined) {
      warn(
        `The run is over after ${progress.step} steps: nothing was trained with ${differences.join("; ")}. To train with that, start anew with overwrite.`,
      );
      run.onEvent?.({ type: "finish", summary });
      return summary;
    }
    requireFittingState(folder, started!, state, prepared, startingState(prepared));
    for (const difference of differences) warn(`Resuming with another setting: ${difference}.`);
    const change = rateWarning(started!, prepared, progress.step);
    if (change !== undefined) warn(change);
    const comparable = comparableProgress(progress, started!, prepared);
    progress = comparable.progress;
    if (comparable.warning !== undefined) warn(comparable.warning);
  }
  await requireFreeSpace(folder, checkpointBytes(state) * (args.saveTotalLimit + 1), FOR_CHECKPOINTS);
  await writeRunConfig(folder, prepared.config);

  const memory = memoryOf(run, prepared, state);
  emit(startEvent(prepared, state, memory));
  if (checkpoint !== undefined) emit({ type: "resume", ...checkpoint });
  for (const message of headNotes(prepared, run.adapterDirectory)) emit({ type: "note", message });
  for (const message of startWarnings(prepared, state, progress.step, { needed: memory, free: freemem() }))
    warn(message);

  const reporter = await openReporter(folder, checkpoint === undefined ? -1 : progress.step, emit);
  const runner = createStepRunner({
    engine: run.engine,
    model: prepared.model,
    state,
    seed: args.seed,
    padId: run.tokenizer.special.pad,
    onCompile: (name, milliseconds) => emit({ type: "compile", name, milliseconds }),
  });
  try {
    const result = await trainingLoop({
      prepared,
      state,
      runner,
      reporter,
      start: progress,
      shouldStop: () => run.shouldStop?.() ?? false,
      async save(progress) {
        lock.requireHeld();
        await requireFreeSpace(folder, checkpointBytes(state), FOR_CHECKPOINTS);
        const written = await writeCheckpoint(folder, progress.step, (aside) => writeState(aside, state, progress));
        await pruneCheckpoints(folder, args.saveTotalLimit);
        emit({ type: "checkpoint", step: progress.step, folder: written });
      },
      requireHeld: lock.requireHeld,
    });
    lock.requireHeld();
    return await finish(run, prepared, state, result);
  } catch (error) {
    if (BloraError.isInstance(error) && error.name === "NumericalError") throw await withLastGood(error, folder);
    throw error;
  } finally {
    reporter.close();
    await runner.release();
  }
}

function finishedSummary(folder: string): RunSummary | undefined {
  return readJsonFileIfPresent(join(folder, SUMMARY_FILE)) as unknown as RunSummary | undefined;
}

/** Writes the adapter and the summary of a finished run; of an interrupted one only says where it stands. */
async function finish(
  run: TrainRun,
  prepared: PreparedRun,
  state: TrainingState,
  { progress, interrupted }: LoopResult,
): Promise<RunSummary> {
  const { method, sites } = prepared.model;
  const folder = run.outputDirectory;
  const last = takeSnapshot(state);
  const weights = selectWeights(prepared, progress, last);
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  const computed = summarizeRun({ run, prepared, progress, weights, interrupted, peakRssBytes });
  if (interrupted) return computed;
  await placeAdapter(run, prepared, ADAPTER_FOLDER, weights);
  if (weights.snapshot !== last) {
    const lastWeights = { snapshot: last, record: progress.last };
    await placeAdapter(run, prepared, LAST_ADAPTER_FOLDER, lastWeights);
  } else {
    // Of fewer steps, where the run was over before and went on.
    await rm(join(folder, LAST_ADAPTER_FOLDER), { recursive: true, force: true });
  }
  if (weights.record?.answers !== undefined) {
    const { step, answers } = weights.record;
    const record: AnswersRecord = { split: computed.split, step, answers };
    await writeFileDurably(join(folder, ANSWERS_FILE), `${JSON.stringify(record)}\n`);
  }
  const ledger = costLedger(method, prepared.model.costModel, sites, weights.snapshot);
  await writeFileDurably(join(folder, LEDGER_FILE), `${JSON.stringify(ledger)}\n`);
  const sizes = adapterSizes(join(folder, ADAPTER_FOLDER));
  const summary = {
    ...computed,
    ...(sizes && { adapterSizes: sizes }),
  };
  await writeFileDurably(join(folder, SUMMARY_FILE), `${JSON.stringify(summary, null, 2)}\n`);
  run.onEvent?.({ type: "finish", summary });
  return summary;
}

/** Writes an adapter, and beside it the chat template that the adapter it goes on from brings: it learned by that one too. */
async function placeAdapter(
  run: TrainRun,
  prepared: PreparedRun,
  name: string,
  weights: Pick<SelectedWeights, "snapshot" | "record">,
): Promise<void> {
  const { method, sites } = prepared.model;
  const folder = join(run.outputDirectory, name);
  await writeAdapter(folder, method, sites, adapterOf(run, prepared, weights));
  if (run.adapterDirectory !== undefined) copyChatTemplate(run.adapterDirectory, folder);
}

function adapterOf(
  run: TrainRun,
  prepared: PreparedRun,
  { snapshot, record }: Pick<SelectedWeights, "snapshot" | "record">,
): TrainedAdapter {
  return { weights: snapshot, description: descriptionOf(run, prepared, snapshot, record, baseOf(run)) };
}

/** Values, two averages and the best values so far, as float32, and room for JSON. */
function checkpointBytes(state: TrainingState): number {
  let count = 0;
  for (const { parameter } of state.entries().values()) count += parameter.values.length;
  return 4 * 4 * count + 2 ** 20;
}

/** Hub id and commit, or where the folder lies, wherever the name was relative to. */
function baseOf({ checkpoint, model }: TrainRun): BaseName {
  const hub = hubSnapshot(checkpoint.folder);
  if (hub !== undefined) return { baseModel: hub.id, baseRevision: hub.revision };
  const folder = resolve(model);
  return { baseModel: folder === resolve(checkpoint.folder) ? folder : model };
}

async function withLastGood(error: BloraError, folder: string): Promise<NumericalError> {
  const [newest] = await listCheckpoints(folder);
  const good = newest === undefined ? "There is no checkpoint yet." : `The last good state is ${newest.folder}.`;
  return new NumericalError(`${error.message} ${good}`, { cause: error });
}

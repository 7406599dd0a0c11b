import { type CostSummary, describeAdapter } from "@blora/adapters";
import { type AdapterForm, placeAdapter } from "@blora/network";
import { type EngineDescription, type Head, isLanguageModelTask, type SiteSummary } from "@blora/spec";
import type { TrainingArguments } from "./arguments.ts";
import { summarizeCost, summarizeSites } from "./cost.ts";
import { requireAnswers } from "./data/encoded-split.ts";
import { scoreNotes } from "./data/split-notes.ts";
import { type EvaluationOptions, evaluateSplit, evaluationOptions, type SplitResult } from "./evaluation.ts";
import { type BoundModel, bindModel, initAdapters, loadSplit, resolveArguments } from "./prepare-training.ts";
import type { EvaluateRun } from "./run.ts";
import { createTrainingState, type Snapshot, takeSnapshot } from "./state/training-state.ts";
import { createStepRunner } from "./steps/step-runner.ts";

/** Results of an evaluation. */
export interface EvaluationSummary {
  readonly task: string;
  readonly head: Head;
  /** Which form of the adapter was computed; null without one. */
  readonly form: AdapterForm | null;
  readonly engine: EngineDescription;
  /** By split name. Splits without labels, such as GLUE's test splits, have logits and no scores. */
  readonly splits: Readonly<Record<string, SplitResult>>;
  readonly ranks: Readonly<Record<string, number>>;
  readonly bits: Readonly<Record<string, SiteSummary["bits"]>>;
  readonly bops: CostSummary;
}

/**
 * Evaluates a trained adapter, or the network as training would start it.
 *
 * @throws InvalidInputError where the adapter was trained for other labels or other sites
 */
export async function evaluate(run: EvaluateRun): Promise<EvaluationSummary> {
  const { model, args, snapshot, form, options, release } = await openEvaluation(run);
  try {
    const splits: Record<string, SplitResult> = {};
    for (const name of run.splits ?? run.task.splits.evaluation) {
      const split = await loadSplit(name, run, args, args.maxEvalSamples);
      // A label task's rows without labels get logits; a language model's without targets have no mean.
      if (isLanguageModelTask(run.task)) requireAnswers(split, run.task);
      const result = await evaluateSplit(split, {
        ...options,
        onRows: (done) => run.onRows?.(name, done, split.rows.length),
      });
      const notes = scoreNotes(split, args.maxSeqLength);
      splits[name] = { ...result!, ...(notes.length > 0 && { notes }) };
    }
    const { method, costModel, sites } = model;
    return {
      task: run.task.name,
      head: run.task.head,
      form,
      engine: await run.engine.describe(),
      splits,
      ...summarizeSites(method, sites, snapshot),
      bops: summarizeCost(method, costModel, sites, snapshot),
    };
  } finally {
    await release();
  }
}

/** A network with its adapter, ready to answer rows. */
export interface OpenEvaluation {
  readonly model: BoundModel;
  readonly args: TrainingArguments;
  readonly snapshot: Snapshot;
  /** Which form of the adapter is computed; null without one. */
  readonly form: AdapterForm | null;
  /** How splits are answered. */
  readonly options: EvaluationOptions;
  release(): Promise<void>;
}

export async function openEvaluation(run: EvaluateRun): Promise<OpenEvaluation> {
  const { adapterDirectory } = run;
  const description = adapterDirectory === undefined ? undefined : await describeAdapter(adapterDirectory);
  const given = { ...(description && { maxSeqLength: description.maxSeqLength }), ...run.arguments };
  const args = resolveArguments({ ...run, arguments: given });
  const bound = bindModel(run, args.targets, args.seed);
  const placed = adapterDirectory === undefined ? undefined : await placeAdapter(adapterDirectory, bound);
  const snapshot = placed?.weights ?? freshWeights(bound, args.seed);
  const model = { ...bound, sites: placed?.sites ?? bound.sites };
  const runner = createStepRunner({
    engine: run.engine,
    model,
    state: createTrainingState(snapshot.adapters, snapshot.head),
    seed: args.seed,
    padId: run.tokenizer.special.pad,
    onCompile: (name, milliseconds) => run.onEvent?.({ type: "compile", name, milliseconds }),
  });
  const options = evaluationOptions(runner, model, args);
  return { model, args, snapshot, form: placed?.form ?? null, options, release: runner.release };
}

function freshWeights(bound: BoundModel, seed: number): Snapshot {
  return takeSnapshot(createTrainingState(initAdapters(bound, seed), bound.freshHead));
}

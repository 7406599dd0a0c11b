import { type CostSummary, describeAdapter } from "@blora/adapters";
import { loadAdapterWeights, requireSameHead, requireWholeHead, sitesOf } from "@blora/network";
import { type Head, isLanguageModelTask, type SiteSummary } from "@blora/spec";
import { type BoundModel, bindModel, initAdapters } from "./bind-model.ts";
import { summarizeCost, summarizeSites } from "./cost.ts";
import { requireAnswers } from "./data/encoded-split.ts";
import { evaluateSplit, type SplitResult } from "./evaluation.ts";
import { loadSplit, resolveArguments } from "./prepare.ts";
import type { EvaluateRun } from "./run.ts";
import { createTrainingState, type Snapshot, takeSnapshot } from "./state/training-state.ts";
import { createStepRunner } from "./steps/step-runner.ts";

/** Results of an evaluation. */
export interface EvaluationSummary {
  readonly task: string;
  readonly head: Head;
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
  const { adapterDirectory } = run;
  const description = adapterDirectory === undefined ? undefined : await describeAdapter(adapterDirectory);
  const given = { ...(description && { maxSeqLength: description.maxSeqLength }), ...run.arguments };
  const args = resolveArguments({ ...run, arguments: given });
  const bound = bindModel(run, args.targets, args.seed);
  if (description !== undefined) requireSameHead(adapterDirectory!, description.head, run.task.head);
  const snapshot =
    adapterDirectory === undefined ? freshWeights(bound, args.seed) : await trainedWeights(adapterDirectory, bound);
  const model = {
    ...bound,
    sites: sitesOf(bound, snapshot.adapters.keys(), adapterDirectory ?? run.model),
  };
  const state = createTrainingState(snapshot.adapters, snapshot.head);
  const runner = createStepRunner({
    engine: run.engine,
    model,
    state,
    seed: args.seed,
    padId: run.tokenizer.special.pad,
    onCompile: (name, milliseconds) => run.onEvent?.({ type: "compile", name, milliseconds }),
  });
  try {
    const splits: Record<string, SplitResult> = {};
    for (const name of run.splits ?? run.task.splits.evaluation) {
      const split = await loadSplit(name, run, args, args.maxEvalSamples);
      // A label task's rows without labels get logits; a language model's without targets have no mean.
      if (isLanguageModelTask(run.task)) requireAnswers(split, run.task);
      const result = await evaluateSplit(split, {
        runner,
        model,
        batchSize: args.perDeviceEvalBatchSize,
        maxTokens: args.maxTokensPerPass,
        padToMultipleOf: args.padToMultipleOf,
        limit: model.maxLength,
      });
      splits[name] = result!;
    }
    const { method, costModel, sites } = model;
    return {
      task: run.task.name,
      head: run.task.head,
      splits,
      ...summarizeSites(method, sites, snapshot),
      bops: summarizeCost(method, costModel, sites, snapshot),
    };
  } finally {
    await runner.release();
  }
}

async function trainedWeights(folder: string, model: BoundModel): Promise<Snapshot> {
  const { weights } = await loadAdapterWeights(folder, model);
  requireWholeHead(folder, model, weights);
  return weights;
}

function freshWeights(model: BoundModel, seed: number): Snapshot {
  return takeSnapshot(createTrainingState(initAdapters(model, seed), model.freshHead));
}

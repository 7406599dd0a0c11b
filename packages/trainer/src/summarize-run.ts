import type { AdapterDescription, AdapterResults } from "@blora/adapters";
import type { EvaluationRecord, RunSummary } from "@blora/runs";
import { isLanguageModelTask, type JsonObject, toJson } from "@blora/spec";
import { costLedger, summarizeCost, summarizeSites } from "./cost.ts";
import type { EncodedSplit } from "./data/encoded-split.ts";
import { baselineScores } from "./objective/objective-of.ts";
import { initAdapters, type PreparedRun } from "./prepare-training.ts";
import { manifestOf, type RunParts } from "./run.ts";
import { decidingScore, type RunProgress } from "./state/progress.ts";
import type { Snapshot } from "./state/training-state.ts";
import { compressionWarnings, methodWarnings } from "./warnings.ts";

/** The weights a run ends with. */
export interface SelectedWeights {
  readonly selected: "best" | "last";
  readonly snapshot: Snapshot;
  readonly record: EvaluationRecord | undefined;
}

/** The best evaluation's weights where asked for and there are any, else the last step's. */
export function selectWeights({ args }: PreparedRun, { best, last }: RunProgress, current: Snapshot): SelectedWeights {
  const bestIsLast = best !== undefined && best.record.step === last?.step;
  if (!args.loadBestModelAtEnd || best === undefined) return { selected: "last", snapshot: current, record: last };
  return { selected: "best", snapshot: bestIsLast ? current : best.snapshot, record: best.record };
}

/** What a run came to. */
export interface EndedRun {
  readonly run: RunParts;
  readonly prepared: PreparedRun;
  readonly progress: RunProgress;
  readonly weights: SelectedWeights;
  /** Whether a request to stop ended it. */
  readonly interrupted: boolean;
  /** Undefined where the platform does not say. */
  readonly peakRssBytes?: number;
}

export function summarizeRun({
  run,
  prepared,
  progress,
  weights: { selected, snapshot, record },
  interrupted,
  peakRssBytes,
}: EndedRun): RunSummary {
  const { model, train, evaluation, args, engine } = prepared;
  const { task, method, costModel, sites } = model;
  const deciding = evaluation[0]!;
  const score = record && decidingScore(record, { split: deciding.name, metric: task.primaryMetric });
  const { ranks, bits } = summarizeSites(method, sites, snapshot);
  const bops = summarizeCost(method, costModel, sites, snapshot);
  const fresh = { adapters: initAdapters(model, args.seed), head: {} };
  const began = summarizeSites(method, sites, fresh);
  const { seconds, evaluated, losses, tokens, paddedTokens } = progress;
  return {
    task: task.name,
    split: deciding.name,
    rows: { train: train.rows.length, eval: deciding.rows.length },
    metric: { name: task.primaryMetric, value: score === undefined || score === -Infinity ? null : score },
    metrics: { best: withoutAnswers(progress.best?.record), last: withoutAnswers(progress.last) },
    selected,
    method: toJson(run.method),
    baseline: baselineScores(task, deciding.rows),
    ranks,
    bits,
    bops,
    engine,
    steps: progress.step,
    seconds,
    ...(evaluated && { evaluated }),
    ...(isLanguageModelTask(task) && { targetTokens: losses }),
    tokensPerSecond: seconds === 0 ? 0 : tokens / seconds,
    paddedTokensPerSecond: seconds === 0 ? 0 : paddedTokens / seconds,
    paddingShare: paddedTokens === 0 ? 0 : 1 - tokens / paddedTokens,
    truncatedShare: train.truncatedShare,
    ...(peakRssBytes !== undefined && { peakRssBytes }),
    seed: args.seed,
    warnings: [
      ...(record?.warnings ?? []),
      ...compressionWarnings({
        ranks: { first: Object.values(began.ranks), last: Object.values(ranks) },
        cost: { first: summarizeCost(method, costModel, sites, fresh).bitOperations, last: bops.bitOperations },
        penalized: method.training?.penalty !== undefined,
      }),
      ...(interrupted ? [] : methodWarnings(prepared, snapshot.adapters, progress.step)),
    ],
    interrupted,
  };
}

function withoutAnswers(record: EvaluationRecord | undefined): EvaluationRecord | null {
  if (record === undefined) return null;
  const { answers: _, ...rest } = record;
  return rest;
}

/** What an adapter says of the network under it. */
export type BaseName = Pick<AdapterDescription, "baseModel" | "baseRevision">;

export function descriptionOf(
  run: RunParts,
  { model, modelSha256, args, evaluation, engine }: PreparedRun,
  snapshot: Snapshot,
  record: EvaluationRecord | undefined,
  base: BaseName,
): AdapterDescription {
  const { task, method, costModel, sites } = model;
  return {
    ...base,
    baseSha256: modelSha256,
    task: task.name,
    taskManifest: "manifest" in task ? (manifestOf(task, run.packageOf) as JsonObject) : undefined,
    dataset: run.dataset ?? task.dataset,
    chatTemplateSha256: isLanguageModelTask(task) && task.chat ? run.tokenizer.chatTemplateSha256 : undefined,
    head: task.head,
    method: manifestOf(run.method, run.packageOf) as JsonObject,
    maxSeqLength: args.maxSeqLength,
    ...summarizeSites(method, sites, snapshot),
    bops: summarizeCost(method, costModel, sites, snapshot),
    ledger: costLedger(method, costModel, sites, snapshot).rows,
    results: record && {
      ...resultsOf(record, evaluation[0]!, task.primaryMetric, args.seed),
      ...(engine.precision && { precision: engine.precision }),
    },
  };
}

function resultsOf(
  { step, splits }: EvaluationRecord,
  deciding: EncodedSplit,
  metric: string,
  seed: number,
): AdapterResults {
  const scores = Object.entries(splits[deciding.name]?.scores ?? {}).filter(([, score]) => Number.isFinite(score));
  return {
    split: deciding.name,
    rows: deciding.rows.length,
    metric,
    scores: Object.fromEntries(scores),
    seed,
    steps: step,
  };
}

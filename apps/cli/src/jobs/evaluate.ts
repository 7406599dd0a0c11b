import {
  answerShard,
  evaluateLikelihood,
  type LikelihoodRun,
  type LikelihoodSummary,
  type Shard,
  type ShardSummary,
} from "@blora/likelihood";
import { InvalidInputError, isLanguageModelTask } from "@blora/spec";
import { type EvaluationSummary, evaluate, type SplitResult } from "@blora/trainer";
import type { EvaluationProgress } from "../output/evaluation-line.ts";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { adapterSettings } from "../run/adapter-settings.ts";
import { openRun } from "../run/open-run.ts";
import type { RunRequest } from "../run/request.ts";
import { resolveRun } from "../run/resolve.ts";
import type { JobHost } from "./job.ts";
import { splitOf } from "./split-of.ts";
import { trainedRows } from "./trained-rows.ts";

export interface EvaluationInput {
  readonly request: RunRequest & AdapterFlags;
  /** Adapter folder, run directory or Hub id. */
  readonly adapter: string | undefined;
  readonly split: string | undefined;
  /** Folder that keeps the answers of a benchmark. */
  readonly out: string | undefined;
  /** Answers this part of a benchmark alone, for whoever gathers all of them in `out`. */
  readonly shard?: Shard | undefined;
}

/** An evaluation without the answers of its rows. */
export type SplitScores = Omit<EvaluationSummary, "splits"> & {
  readonly splits: Readonly<Record<string, Omit<SplitResult, "logits" | "likelihoods" | "words">>>;
};

export type EvaluationResult =
  | { readonly kind: "splits"; readonly results: SplitScores }
  | { readonly kind: "likelihood"; readonly summary: LikelihoodSummary }
  | { readonly kind: "shard"; readonly summary: ShardSummary };

/** Scores an adapter on its task, or a language model on a benchmark. */
export async function evaluateAdapter(
  input: EvaluationInput,
  host: JobHost<EvaluationProgress>,
): Promise<EvaluationResult> {
  const adapter = input.adapter === undefined ? undefined : await adapterSettings(input.adapter, input.request);
  const parts = {
    ...(await openRun(await resolveRun(input.request, adapter))),
    ...(adapter !== undefined && { adapterDirectory: adapter.folder }),
  };
  const { task, engine } = parts;
  if (isLanguageModelTask(task) && task.likelihood !== undefined && input.split === undefined) {
    const run: LikelihoodRun = {
      ...parts,
      shouldStop: host.shouldStop,
      onProgress({ answered, questions, questionsPerSecond, secondsLeft }) {
        host.stopsItself("finishing the pass and keeping the answers");
        host.emit({ unit: "questions", done: answered, total: questions, perSecond: questionsPerSecond, secondsLeft });
      },
    };
    const result = await answerBenchmark(run, input);
    await engine.release();
    return result;
  }
  if (input.out !== undefined) {
    throw new InvalidInputError(
      `--out: expected for the answers of a benchmark such as mmlu, found the task ${task.name}${input.split === undefined ? "" : " with --split"}, whose scores are printed. Leave it out.`,
    );
  }
  if (adapter === undefined) {
    throw new InvalidInputError(`eval: expected an adapter folder to score on ${task.name}, found none.`);
  }
  const splits = splitOf(input.split, parts.data);
  const results = await evaluate({ ...parts, ...(splits.length > 0 && { splits }), onRows: rowsPerSecond(host) });
  await engine.release();
  const isWholeFile = input.split === undefined && splits.length > 0;
  const note = isWholeFile ? await trainedRows(adapter.folder, parts.data!) : undefined;
  return { kind: "splits", results: withoutRows(results, note) };
}

async function answerBenchmark(run: LikelihoodRun, { out, shard }: EvaluationInput): Promise<EvaluationResult> {
  if (out === undefined) return { kind: "likelihood", summary: await evaluateLikelihood(run) };
  const kept = { ...run, outputDirectory: out };
  if (shard !== undefined) return { kind: "shard", summary: await answerShard(kept, shard) };
  return { kind: "likelihood", summary: await evaluateLikelihood(kept) };
}

/** Says how far each split is, and how fast. */
export function rowsPerSecond({
  emit,
}: JobHost<EvaluationProgress>): (split: string, done: number, total: number) => void {
  let last = performance.now();
  let began = last;
  let current: string | undefined;
  return (split, done, total) => {
    if (split !== current) began = last;
    current = split;
    last = performance.now();
    const perSecond = done / ((last - began) / 1000);
    emit({ unit: "rows", done, total, perSecond, secondsLeft: (total - done) / perSecond });
  };
}

/** @param note what is to be said of all splits */
function withoutRows({ splits, ...rest }: EvaluationSummary, note: string | undefined): SplitScores {
  const scored = Object.entries(splits).map(([name, { logits: _, likelihoods: __, words: ___, ...split }]) => [
    name,
    note === undefined ? split : { ...split, notes: [note, ...(split.notes ?? [])] },
  ]);
  return { ...rest, splits: Object.fromEntries(scored) };
}

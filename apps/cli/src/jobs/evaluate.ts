import { InvalidInputError, isLanguageModelTask } from "@blora/spec";
import {
  type EvaluationSummary,
  evaluate,
  evaluateLikelihood,
  type LikelihoodProgress,
  type LikelihoodSummary,
  type SplitResult,
} from "@blora/trainer";
import { type RunFlags, runSettings } from "../commands/run-flags.ts";
import { type AdapterFlags, adapterFolder } from "../run/adapter-folder.ts";
import { adapterSettings } from "../run/adapter-settings.ts";
import { type LoadedRun, loadRun } from "../run/load-run.ts";
import type { JobHost } from "./job.ts";

export interface EvaluationInput {
  readonly flags: RunFlags & AdapterFlags;
  readonly isTaskGiven: boolean;
  /** Adapter folder, run directory or Hub id. */
  readonly adapter: string | undefined;
  readonly split: string | undefined;
  /** Folder that keeps the answers of a benchmark. */
  readonly out: string | undefined;
}

/** An evaluation without the answers of its rows. */
export type SplitScores = Omit<EvaluationSummary, "splits"> & {
  readonly splits: Readonly<Record<string, Omit<SplitResult, "logits" | "likelihoods">>>;
};

export type EvaluationResult =
  | { readonly kind: "splits"; readonly results: SplitScores }
  | { readonly kind: "likelihood"; readonly summary: LikelihoodSummary };

/** Scores an adapter on its task, or a language model on a benchmark. */
export async function evaluateAdapter(
  input: EvaluationInput,
  host: JobHost<LikelihoodProgress>,
): Promise<EvaluationResult> {
  const adapterDirectory = input.adapter === undefined ? undefined : await adapterFolder(input.adapter, input.flags);
  const { parts } = await openRun(adapterDirectory, input);
  const { task, engine } = parts;
  if (isLanguageModelTask(task) && task.likelihood !== undefined && input.split === undefined) {
    const summary = await evaluateLikelihood({
      ...parts,
      ...(adapterDirectory === undefined ? {} : { adapterDirectory }),
      ...(input.out === undefined ? {} : { outputDirectory: input.out }),
      shouldStop: host.shouldStop,
      onProgress(progress) {
        host.stopsItself("finishing the pass and keeping the answers");
        host.emit(progress);
      },
    });
    await engine.release();
    return { kind: "likelihood", summary };
  }
  if (adapterDirectory === undefined) {
    throw new InvalidInputError(`eval: expected an adapter folder to score on ${task.name}, found none.`);
  }
  const splits = input.split === undefined ? {} : { splits: [input.split] };
  const results = await evaluate({ ...parts, adapterDirectory, ...splits });
  await engine.release();
  return { kind: "splits", results: withoutRows(results) };
}

/** The run an adapter was trained in, or the plain model of the flags. */
async function openRun(folder: string | undefined, { flags, isTaskGiven }: EvaluationInput): Promise<LoadedRun> {
  if (folder === undefined) return loadRun(runSettings(flags, ""));
  const { baseModel, task = flags.task, method, maxSeqLength } = await adapterSettings(folder);
  const settings = runSettings(
    {
      ...flags,
      ...(flags.model === undefined && baseModel !== undefined && { model: baseModel }),
      task: isTaskGiven ? flags.task : task,
    },
    folder,
  );
  return loadRun({
    ...settings,
    method,
    arguments: { ...(maxSeqLength !== undefined && { maxSeqLength }), ...settings.arguments },
  });
}

function withoutRows({ splits, ...rest }: EvaluationSummary): SplitScores {
  const scored = Object.entries(splits).map(([name, { logits: _, likelihoods: __, ...split }]) => [name, split]);
  return { ...rest, splits: Object.fromEntries(scored) };
}

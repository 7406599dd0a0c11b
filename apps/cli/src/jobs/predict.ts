import { dirname, join, resolve } from "node:path";
import { makeFolder, writeNewFileDurably } from "@blora/files";
import type { Shard } from "@blora/likelihood";
import { InvalidInputError, isLanguageModelTask, type LabelTask, type Submission } from "@blora/spec";
import { type Predictions, predict as predictSplit } from "@blora/trainer";
import { UsageError } from "../exit.ts";
import type { EvaluationProgress } from "../output/evaluation-line.ts";
import { predictionFormat } from "../output/prediction-format.ts";
import { predictionText } from "../output/predictions.ts";
import { taggedFormat, taggedText } from "../output/tagged-words.ts";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { adapterSettings } from "../run/adapter-settings.ts";
import { type KeptAnswers, keepAnswers } from "../run/answer-store.ts";
import { ofGivenTexts } from "../run/given-texts.ts";
import { type OpenRun, openRun } from "../run/open-run.ts";
import type { RunRequest } from "../run/request.ts";
import { resolveRun } from "../run/resolve.ts";
import { rowsPerSecond } from "./evaluate.ts";
import type { JobHost } from "./job.ts";
import { splitOf } from "./split-of.ts";

export interface PredictionInput {
  readonly request: RunRequest & AdapterFlags;
  /** Adapter folder, run directory or Hub id. */
  readonly adapter: string;
  readonly split: string | undefined;
  /** Rows instead of those of the data. */
  readonly texts?: readonly string[] | undefined;
  /** File of the predictions, or folder of a submission. */
  readonly out: string | undefined;
  /** Whether the files of the benchmark's server are wanted. */
  readonly submission: boolean;
  /** Answers this part alone and keeps the answers, for whoever writes the files. */
  readonly shard?: Shard | undefined;
}

export interface PredictionResult {
  readonly rows: number;
  /** Files that were written. */
  readonly files: readonly string[];
  /** All predictions, where no file was named: csv, or words with tags. */
  readonly text?: string;
  readonly notes: readonly string[];
  /** Whether a request to stop ended it; what was answered is kept. */
  readonly interrupted: boolean;
}

/** What becomes of the answers of one split. */
interface Target {
  readonly split: string;
  /** Undefined: the caller prints it. */
  readonly file: string | undefined;
  contentOf(predictions: Predictions): string;
}

/** Answers rows with an adapter; they need no labels. */
export async function predict(
  { request, adapter: path, split, texts, out, submission, shard }: PredictionInput,
  host: JobHost<EvaluationProgress>,
): Promise<PredictionResult> {
  const adapter = await adapterSettings(path, request);
  // The data set it was trained on is not read for other texts.
  const settings = texts === undefined ? adapter : { ...adapter, dataset: undefined };
  const opened = await openRun(await resolveRun(request, settings));
  if (isLanguageModelTask(opened.task)) {
    throw new InvalidInputError(
      `predict: expected an adapter that gives labels, found one of ${opened.task.name}, which continues texts. Use blora generate.`,
    );
  }
  const task = texts === undefined ? opened.task : ofGivenTexts(opened.task, texts);
  const run = { ...opened, task, adapterDirectory: adapter.folder };
  const targets = submission ? submissionTargets(task, split, out) : [rowsTarget(task, split, run, out)];
  const files = targets.flatMap(({ file }) => file ?? []);
  const kept = out === undefined ? undefined : await openKept(submission ? join(out, task.name) : out, files, shard);
  try {
    return await answer({ ...run, shard }, targets, kept, host);
  } finally {
    await kept?.close();
    await run.engine.release();
  }
}

async function openKept(out: string, files: readonly string[], shard: Shard | undefined): Promise<KeptAnswers> {
  await makeFolder(dirname(resolve(out)));
  return keepAnswers(out, files, shard);
}

async function answer(
  run: OpenRun & { readonly adapterDirectory: string; readonly shard: Shard | undefined },
  targets: readonly Target[],
  kept: KeptAnswers | undefined,
  host: JobHost<EvaluationProgress>,
): Promise<PredictionResult> {
  const answered: { readonly target: Target; readonly predictions: Predictions }[] = [];
  for (const target of targets) {
    const predictions = await predictSplit({
      ...run,
      split: target.split,
      onRows: rowsPerSecond(host),
      shouldStop: host.shouldStop,
      ...(kept && {
        openStore: (settings) => {
          host.stopsItself("keeping what is answered");
          return kept.open(target.split, settings);
        },
      }),
    });
    if (run.shard !== undefined && !host.shouldStop()) continue;
    if (predictions === undefined) return { rows: 0, files: [], notes: [], interrupted: true };
    answered.push({ target, predictions });
  }
  if (run.shard !== undefined) return { rows: 0, files: [], notes: [], interrupted: false };
  const rows = answered.reduce((sum, { predictions }) => sum + predictions.examples.length, 0);
  const notes = answered.flatMap(({ predictions }) => predictions.notes);
  const contents = answered.map(({ target, predictions }) => target.contentOf(predictions));
  if (kept === undefined) return { rows, files: [], text: contents.join(""), notes, interrupted: false };
  const files = answered.map(({ target }) => target.file!);
  for (const [index, file] of files.entries()) await writeNewFileDurably(file, contents[index]!);
  await kept.remove();
  return { rows, files, notes, interrupted: false };
}

function rowsTarget(task: LabelTask, split: string | undefined, { data }: OpenRun, out: string | undefined): Target {
  const [name = task.splits.evaluation[0]!] = splitOf(split, data);
  if (task.head.kind === "token-classification") {
    const format = taggedFormat(out, data);
    return { split: name, file: out, contentOf: (predictions) => taggedText(predictions, format) };
  }
  const format = predictionFormat(out);
  return { split: name, file: out, contentOf: (predictions) => predictionText(predictions, format) };
}

function submissionTargets(task: LabelTask, split: string | undefined, out: string | undefined): Target[] {
  const submission = requireSubmission(task);
  if (out === undefined) throw new UsageError("--submission: expected a folder for its files, found none. Name --out.");
  const splits = submission.splits.filter((name) => split === undefined || name === split);
  if (splits.length === 0) {
    throw new UsageError(
      `--split ${split}: expected ${submission.splits.join(" or ")} for a submission of ${task.name}.`,
    );
  }
  return splits.map((name) => ({
    split: name,
    file: join(out, submission.fileName(name)),
    contentOf: ({ logits }) => submission.content(logits),
  }));
}

function requireSubmission({ name, submission }: LabelTask): Submission {
  if (submission !== undefined) return submission;
  throw new UsageError(
    `--submission: expected a task of a benchmark with a server, such as GLUE's, found ${name}. Leave it out for a csv file.`,
  );
}

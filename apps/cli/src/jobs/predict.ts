import { InvalidInputError, isLanguageModelTask } from "@blora/spec";
import { evaluate } from "@blora/trainer";
import type { EvaluationProgress } from "../output/evaluation-line.ts";
import { predictionRows, toCsv } from "../output/predictions.ts";
import { taggedFormat, taggedText } from "../output/tagged-words.ts";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { adapterSettings } from "../run/adapter-settings.ts";
import { openRun } from "../run/open-run.ts";
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
  /** File the predictions are for, whose name says how they are written. */
  readonly out: string | undefined;
}

export interface PredictionResult {
  readonly rows: number;
  /** All predictions: csv, or words with tags. */
  readonly text: string;
}

/** Answers rows with an adapter; they need no labels. */
export async function predict(
  { request, adapter: path, split, out }: PredictionInput,
  host: JobHost<EvaluationProgress>,
): Promise<PredictionResult> {
  const adapter = await adapterSettings(path, request);
  const parts = { ...(await openRun(await resolveRun(request, adapter))), adapterDirectory: adapter.folder };
  const { task, engine, data } = parts;
  if (isLanguageModelTask(task)) {
    throw new InvalidInputError(`predict: expected an adapter that answers texts or words, found one of ${task.name}.`);
  }
  const [name = task.splits.evaluation[0]!] = splitOf(split, data);
  const { examples } = await task.load(name, data);
  const { splits, head } = await evaluate({ ...parts, splits: [name], onRows: rowsPerSecond(host) });
  await engine.release();
  const result = splits[name]!;
  const text =
    head.kind === "token-classification"
      ? taggedText(examples, head.labels, result, taggedFormat(out, data))
      : toCsv(predictionRows(head, examples, result.logits));
  return { rows: examples.length, text };
}

import { weightsFingerprint } from "@blora/adapters";
import { type Example, InvalidInputError, isLanguageModelTask, type JsonObject, type LabelHead } from "@blora/spec";
import { checkpointSha256, vocabularySizeOf } from "@blora/weights";
import { encodeExamples, fingerprint } from "./data/encoded-split.ts";
import { cutNotes } from "./data/split-notes.ts";
import { type OpenEvaluation, openEvaluation } from "./evaluate.ts";
import { evaluateSplit } from "./evaluation.ts";
import { type EvaluateRun, manifestOf } from "./run.ts";

/** Rows that are answered together and kept as one; what is computed depends on no other rows. */
const PART_ROWS = 1024;

/** Answers of the parts of a split, by the index of the part. */
export interface AnswerStore {
  /** Logits of the parts that an earlier, interrupted run or another shard has answered. */
  readonly known: ReadonlyMap<number, Float32Array>;
  /** Kept when it returns. */
  append(part: number, logits: Float32Array): void;
}

export interface PredictRun extends Omit<EvaluateRun, "splits"> {
  readonly split: string;
  /** Answers every `count`-th part alone, from the one at `index`. Undefined: all. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Opens what is known of the answers. Equal settings, rows and weights give equal answers. Default: nothing is kept. */
  openStore?(settings: JsonObject): Promise<AnswerStore>;
  /** Asked between batches; true ends the run after what is kept. */
  shouldStop?(): boolean;
}

export interface Predictions {
  readonly head: LabelHead;
  readonly examples: readonly Example[];
  /** Of each row: the words that logits answer, where they answer words. */
  readonly words?: readonly (readonly number[])[];
  /** Row-major [answers of all rows, C]. */
  readonly logits: Float32Array;
  /** What the task says of its files, and what was cut off. */
  readonly notes: readonly string[];
}

/**
 * Answers the rows of a split, which need no labels, in parts that can be kept.
 *
 * @returns undefined where `shouldStop` ended it, or other shards have not answered theirs
 * @throws InvalidInputError for a language model's task, or an adapter that was trained for other labels or other sites
 */
export async function predict(run: PredictRun): Promise<Predictions | undefined> {
  const { task, tokenizer } = run;
  if (isLanguageModelTask(task)) {
    throw new InvalidInputError(`Expected a task whose rows have labels, found ${task.name}: it continues texts.`);
  }
  const evaluation = await openEvaluation(run);
  const { args, options, release } = evaluation;
  try {
    const loaded = { ...(await task.load(run.split, run.data, { unlabelled: true })), name: run.split };
    const limit = args.maxEvalSamples;
    const encoded = encodeExamples(loaded, {
      ...{ task, tokenizer, limit, folder: run.data },
      ...{ maxLength: args.maxSeqLength, vocabularySize: vocabularySizeOf(run.checkpoint) },
    });
    // Rows are answered, not scored: a part of them may have no score.
    const rows = encoded.rows.map(({ labels: _, ...row }) => ({ ...row, label: undefined }));
    const settings = await settingsOf(run, evaluation, fingerprint({ ...encoded, rows }));
    const store = (await run.openStore?.(settings)) ?? createStoreInMemory();
    const { index: first, count: every } = run.shard ?? { index: 0, count: 1 };
    const parts = new Map(store.known);
    const number = Math.ceil(rows.length / PART_ROWS);
    for (let index = first; index < number; index += every) {
      if (parts.has(index)) continue;
      const start = index * PART_ROWS;
      const part = { ...encoded, rows: rows.slice(start, start + PART_ROWS) };
      const result = await evaluateSplit(part, {
        ...options,
        ...(run.shouldStop && { shouldStop: run.shouldStop }),
        onRows: (done) => run.onRows?.(run.split, start + done, rows.length),
      });
      if (result === undefined) return undefined;
      store.append(index, result.logits);
      parts.set(index, result.logits);
    }
    if (parts.size < number) return undefined;
    return {
      head: task.head,
      examples: loaded.examples.slice(0, limit),
      ...(task.head.kind === "token-classification" && { words: rows.map(({ words = [] }) => words) }),
      logits: joined(Array.from({ length: number }, (_, index) => parts.get(index)!)),
      notes: [...encoded.notes, ...cutNotes(encoded, args.maxSeqLength, "answer")],
    };
  } finally {
    await release();
  }
}

/** Everything that answers depend on. */
async function settingsOf(
  run: PredictRun,
  { args, snapshot, form, model }: OpenEvaluation,
  rows: string,
): Promise<JsonObject> {
  const { perDeviceEvalBatchSize, maxTokensPerPass = null, padToMultipleOf = null } = args;
  return {
    rows,
    adapter: weightsFingerprint(snapshot),
    form,
    method: manifestOf(model.method),
    modelSha256: await checkpointSha256(run.checkpoint),
    engine: { ...(await run.engine.describe()) },
    batches: { PART_ROWS, perDeviceEvalBatchSize, maxTokensPerPass, padToMultipleOf },
  };
}

function createStoreInMemory(): AnswerStore {
  return { known: new Map(), append: () => undefined };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let next = 0;
  for (const part of parts) {
    all.set(part, next);
    next += part.length;
  }
  return all;
}

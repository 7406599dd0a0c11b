import type { Head } from "@blora/spec";
import type { TrainingArguments } from "../arguments.ts";
import type { EncodedSplit } from "./encoded-split.ts";
import { onlyLabel, unlearnedLabels } from "./label-notes.ts";
import { cutNotes, percent } from "./split-notes.ts";

type Limits = Pick<
  TrainingArguments,
  "maxSeqLength" | "perDeviceTrainBatchSize" | "maxTrainSamples" | "maxEvalSamples"
>;

/** What a reader of the results should know of the rows trained on and scored, in words. */
export function dataWarnings(
  train: EncodedSplit,
  evaluation: readonly EncodedSplit[],
  head: Head,
  { maxSeqLength, perDeviceTrainBatchSize: batchSize, maxTrainSamples, maxEvalSamples }: Limits,
): string[] {
  const { rows } = train;
  const notes = [train, ...evaluation].flatMap((split) => split.notes);
  const rewritten = rows.reduce((total, { rewrittenAnswers = 0 }) => total + rewrittenAnswers, 0);
  const endless = rows.filter(({ cutAnswer }) => cutAnswer === true).length;
  const unread = [train, ...evaluation].filter(({ unreadWords }) => unreadWords > 0);
  const facts: readonly [isSo: boolean, sentence: string][] = [
    [
      rewritten > 0,
      `${rewritten} answers in the conversations of ${train.name} are read, but not learned: the chat template writes them in another way once a conversation goes on.`,
    ],
    [
      endless > 0,
      `${endless} of ${rows.length} training texts are cut within an answer, which is learned without the token that ends it: such a model can fail to stop. Raise maxSeqLength, or leave them out.`,
    ],
    [
      train.blankRows > 0,
      `${train.blankRows} of ${rows.length} training rows ${train.blankRows === 1 ? "has" : "have"} a blank text.`,
    ],
    [
      rows.length < batchSize,
      `${train.name} has ${rows.length} rows, fewer than one batch (perDeviceTrainBatchSize ${batchSize}): ${percent(1 - rows.length / batchSize)} of every step is computed for nothing.`,
    ],
  ];
  const words = unread.map(
    ({ name, unreadWords }) =>
      `${unreadWords} words of ${name} are neither learned nor scored: they stand behind ${maxSeqLength} tokens (maxSeqLength), or have no token.`,
  );
  const cut = [
    ...cutNotes(train, maxSeqLength, "learn"),
    ...evaluation.flatMap((split) => cutNotes(split, maxSeqLength, "score")),
  ];
  const labels = [
    ...unlearnedLabels(train, head, maxTrainSamples),
    ...evaluation.flatMap((split) => onlyLabel(split, head, maxEvalSamples)),
  ];
  return [...notes, ...words, ...cut, ...labels, ...facts.flatMap(([isSo, sentence]) => (isSo ? [sentence] : []))];
}

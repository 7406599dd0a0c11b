import type { Objective } from "../objective/objective.ts";
import type { EncodedSplit } from "./encoded-split.ts";

/** What a reader of the results should know of the rows trained on and scored, in words. */
export function dataWarnings(
  train: EncodedSplit,
  evaluation: readonly EncodedSplit[],
  { lossesOf }: Objective,
  { maxSeqLength, perDeviceTrainBatchSize: batchSize }: { maxSeqLength: number; perDeviceTrainBatchSize: number },
): string[] {
  const { rows } = train;
  const notes = [train, ...evaluation].flatMap((split) => split.notes);
  const lost = rows.filter((row) => lossesOf(row) === 0).length;
  const rewritten = rows.reduce((total, { rewrittenAnswers = 0 }) => total + rewrittenAnswers, 0);
  const unread = [train, ...evaluation].filter(({ unreadWords }) => unreadWords > 0);
  const facts: readonly [isSo: boolean, sentence: string][] = [
    [
      train.truncatedShare > 0,
      `${percent(train.truncatedShare)} of the training texts are longer than ${maxSeqLength} tokens (maxSeqLength) and were cut.`,
    ],
    [
      train.truncatedShare > 0 && lost > 0,
      `${lost} of ${rows.length} training texts ${lost === 1 ? "has" : "have"} no token left to learn, so that they were left out.`,
    ],
    [
      rewritten > 0,
      `${rewritten} answers in the conversations of ${train.name} are read, but not learned: the chat template writes them in another way once a conversation goes on.`,
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
  return [...notes, ...words, ...facts.flatMap(([isSo, sentence]) => (isSo ? [sentence] : []))];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

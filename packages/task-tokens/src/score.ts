import {
  accuracy,
  argmaxRows,
  type ClassScores,
  classScores,
  confusionMatrix,
  type EntityScores,
  entityScores,
  macroF1,
  mostFrequent,
} from "@blora/metrics";
import { InvalidInputError, type Scores, type ScoresByType } from "@blora/spec";
import type { TokensOptions } from "./options.ts";
import { asCounted } from "./tags.ts";

type Tagging = Pick<TokensOptions, "labels" | "scheme">;

/**
 * F1, precision and recall of entities as seqeval counts them, and the share of right words; of tags that name no
 * entities that share, and macro F1.
 *
 * @param logits row-major [N, C] of the words of all sentences
 * @param answers words of each sentence. Default: one
 * @throws InvalidInputError where there is nothing to score or the sizes differ
 */
export function scoreLogits(
  tagging: Tagging,
  logits: Float32Array,
  labels: readonly number[],
  answers?: readonly number[],
): Scores {
  const C = tagging.labels.length;
  if (labels.length === 0 || logits.length !== C * labels.length) {
    throw new InvalidInputError(
      `Expected ${C} logits for each of ${labels.length} labels, found ${logits.length} in all.`,
    );
  }
  return metrics(tagging, argmaxRows(logits, C), labels, answers);
}

/** Precision, recall and F1 of each type of entity, and how many there are; of each tag, where tags name no entities. */
export function scoreTypes(
  { labels: names, scheme }: Tagging,
  logits: Float32Array,
  labels: readonly number[],
  answers?: readonly number[],
): ScoresByType {
  const predictions = argmaxRows(logits, names.length);
  const types: (readonly [string, ClassScores])[] =
    scheme === "none"
      ? classScores(confusionMatrix(predictions, labels, names.length)).map(
          (scores, tag) => [names[tag]!, scores] as const,
        )
      : [...entitiesIn({ labels: names, scheme }, predictions, labels, answers).types];
  return Object.fromEntries(types.map(([type, scores]) => [type, { ...scores }]));
}

/** Scores of giving every word the most frequent tag. */
export function scoreMajority(tagging: Tagging, labels: readonly number[], answers?: readonly number[]): Scores {
  if (labels.length === 0) throw new InvalidInputError("Expected labels for a majority baseline, found none.");
  const most = mostFrequent(labels);
  return metrics(
    tagging,
    labels.map(() => most),
    labels,
    answers,
  );
}

function metrics(
  tagging: Tagging,
  predictions: readonly number[],
  labels: readonly number[],
  answers?: readonly number[],
): Scores {
  const right = accuracy(predictions, labels);
  if (tagging.scheme === "none") return { accuracy: right, macro_f1: macroF1(predictions, labels) };
  const { f1, precision, recall } = entitiesIn(tagging, predictions, labels, answers).all;
  return { f1, precision, recall, accuracy: right };
}

function entitiesIn(
  { labels: names, scheme }: Tagging,
  predictions: readonly number[],
  labels: readonly number[],
  answers: readonly number[] = labels.map(() => 1),
): EntityScores {
  const sentences = (classes: readonly number[]) =>
    cut(
      classes.map((index) => names[index]!),
      answers,
    ).map((tags) => asCounted(tags, scheme));
  return entityScores(sentences(predictions), sentences(labels));
}

function cut(tags: readonly string[], lengths: readonly number[]): string[][] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return tags.slice(end - length, end);
  });
}

import { type Example, encodeTexts, type LabelHead, type LabelTask, NotFoundError } from "@blora/spec";
import { ops, softmaxCrossEntropy, type Tensor } from "@blora/tensor";
import { type ClassWeights, weightsOf } from "./class-weights.ts";
import { loadSplit } from "./load.ts";
import type { ClassifyOptions } from "./options.ts";
import { primaryMetricOf, scoreLogits, scoreMajority } from "./score.ts";
import type { Tables } from "./tables.ts";

/**
 * The task of some options.
 *
 * @param open finds the tables in what the task is told to load from
 */
export function createTask(options: ClassifyOptions, open: (data: string) => Tables): LabelTask {
  const { kind, several = false, labels = [], classWeights, train = "train", evaluation = ["validation"] } = options;
  const head: LabelHead =
    kind === "number" ? { kind: "regression" } : { kind: "classification", labels, ...(several && { several }) };
  const weights = classWeights === undefined ? undefined : weightsOf(labels, classWeights as ClassWeights);
  const classLoss = several ? severalLoss : oneLoss;
  return {
    name: "classify",
    head,
    takesPairs: options.pair !== undefined,
    primaryMetric: primaryMetricOf(head),
    splits: { train, evaluation },

    load: async (split, data, use) => {
      if (data === undefined) throw new NotFoundError("The task classify has no built-in data: name a file or folder.");
      return loadSplit(options, split, open(data), use);
    },

    encode: (example, tokenizer, maxLength) => ({
      ...encodeTexts(tokenizer, example, maxLength),
      label: example.label,
      ...(several && { labels: flagsOf(example, labels.length) }),
    }),

    loss: (logits, given) => (kind === "number" ? squaredError(logits, given) : classLoss(logits, given, weights)),
    score: (logits, given) => scoreLogits(head, logits, given),
    majority: (given) => scoreMajority(head, given),
  };
}

/** 0 or 1 for each of C classes; nothing where the row is not labelled. */
function flagsOf({ labels }: Example, C: number): number[] {
  return labels === undefined ? [] : Array.from({ length: C }, (_, index) => Number(labels.includes(index)));
}

/** −w[y] · ln p(y), with the weight of the row's class. */
function oneLoss(logits: Tensor, given: Tensor, weights: readonly number[] | undefined): Tensor {
  const [, C] = logits.shape as [number, number];
  const targets = ops.cast(ops.oneHot(ops.cast(given, "int32"), C), "float32"); // [B, C]
  const losses = softmaxCrossEntropy(logits, targets); // [B]
  if (weights === undefined) return losses;
  return ops.mul(losses, ops.sum(ops.mul(targets, ops.tensor([...weights], [1, C])), [1]));
}

/** Mean over the classes of −w · y · ln p − (1 − y) · ln(1 − p), as (1 + (w − 1) · y) · softplus(−z) + (1 − y) · z. */
function severalLoss(logits: Tensor, given: Tensor, weights: readonly number[] | undefined): Tensor {
  if (weights === undefined) return ops.mean(ops.sub(ops.softplus(logits), ops.mul(given, logits)), [1]);
  const more = ops.tensor(
    weights.map((weight) => weight - 1),
    [1, weights.length],
  );
  const found = ops.mul(ops.add(ops.mul(given, more), 1), ops.softplus(ops.neg(logits)));
  return ops.mean(ops.add(found, ops.mul(ops.sub(1, given), logits)), [1]);
}

function squaredError(logits: Tensor, given: Tensor): Tensor {
  return ops.square(ops.sub(ops.reshape(logits, [-1]), ops.cast(given, "float32")));
}

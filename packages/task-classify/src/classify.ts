import { definePlugin, type LabelHead, type LabelTask, NotFoundError, type Plugin } from "@blora/spec";
import { ops, softmaxCrossEntropy, type Tensor } from "@blora/tensor";
import { loadSplit } from "./load.ts";
import { type ClassifyOptions, optionsSchema } from "./options.ts";
import { scoreLogits, scoreMajority } from "./score.ts";
import { understandData } from "./understand-data.ts";

/**
 * One label for a text or a pair of texts, from your own csv, tsv, jsonl or parquet files.
 *
 * @example const { options } = await understandData("reviews.csv");
 * const reviews = classify(options);
 */
export const classify: Plugin<"task", "classify", ClassifyOptions, LabelTask> = definePlugin({
  kind: "task",
  id: "classify",
  packageName: "@blora/task-classify",
  optionsSchema,
  fromData: understandData,
  create: createTask,
});

function createTask(options: ClassifyOptions): LabelTask {
  const { kind, labels = [], train = "train", evaluation = ["validation"] } = options;
  const head: LabelHead = kind === "class" ? { kind: "classification", labels } : { kind: "regression" };
  return {
    name: "classify",
    head,
    primaryMetric: kind === "class" ? "accuracy" : "pearson",
    splits: { train, evaluation },

    load: async (split, data) => {
      if (data === undefined) throw new NotFoundError("The task classify has no built-in data: name a file or folder.");
      return loadSplit(options, split, data);
    },

    encode: ({ first, second, label }, tokenizer, maxLength) => ({
      ...tokenizer.assemble(
        tokenizer.encode(first),
        second === undefined ? undefined : tokenizer.encode(second),
        maxLength,
      ),
      label,
    }),

    loss: (logits, given) => (kind === "class" ? classLoss(options, logits, given) : squaredError(logits, given)),
    score: (logits, given) => scoreLogits(head, logits, given),
    majority: (given) => scoreMajority(head, given),
  };
}

/** −w[y] · ln p(y), with the weight of the row's class. */
function classLoss({ labels = [], classWeights }: ClassifyOptions, logits: Tensor, given: Tensor): Tensor {
  const targets = ops.cast(ops.oneHot(ops.cast(given, "int32"), labels.length), "float32"); // [B, C]
  const losses = softmaxCrossEntropy(logits, targets); // [B]
  if (classWeights === undefined) return losses;
  const weights = ops.tensor([...classWeights], [1, labels.length]);
  return ops.mul(losses, ops.sum(ops.mul(targets, weights), [1]));
}

function squaredError(logits: Tensor, given: Tensor): Tensor {
  return ops.square(ops.sub(ops.reshape(logits, [-1]), ops.cast(given, "float32")));
}

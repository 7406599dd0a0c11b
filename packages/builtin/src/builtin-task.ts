import { definePlugin, encodeTexts, InvalidInputError, type LabelTask, NotFoundError, type Plugin } from "@blora/spec";
import { ops, softmaxCrossEntropy } from "@blora/tensor";
import { z } from "zod";
import { acceptabilityExamples, type BuiltinSplit, TRAIN_ROWS, VALIDATION_ROWS } from "./generator/examples.ts";

export interface BuiltinTaskOptions {
  /** Rows of `train`. Default 4,000. */
  readonly trainRows?: number | undefined;
  /** Rows of `validation`. Default 1,000. */
  readonly validationRows?: number | undefined;
}

const rows = z.int().positive().optional();
const optionsSchema = z.strictObject({ trainRows: rows, validationRows: rows }).optional();

const LABELS: readonly string[] = ["unacceptable", "acceptable"];

/**
 * Linguistic acceptability of generated sentences: agreement, auxiliaries,
 * word order, who can do what to what. Counting words stays at chance, and
 * validation uses content words that no training row holds.
 */
export const builtinTask: Plugin<"task", "builtin", BuiltinTaskOptions | undefined, LabelTask> = definePlugin({
  kind: "task",
  id: "builtin",
  packageName: "@blora/builtin",
  optionsSchema,
  create({ trainRows = TRAIN_ROWS, validationRows = VALIDATION_ROWS }: BuiltinTaskOptions = {}) {
    const sizes: Readonly<Record<BuiltinSplit, number>> = { train: trainRows, validation: validationRows };
    return {
      name: "builtin",
      head: { kind: "classification", labels: LABELS },
      primaryMetric: "accuracy",
      splits: { train: "train", evaluation: ["validation"] },

      load: async (split, folder) => {
        if (folder !== undefined) {
          throw new InvalidInputError(`The task builtin makes its own data: expected no data folder, found ${folder}.`);
        }
        if (split !== "train" && split !== "validation") {
          throw new NotFoundError(`The task builtin has the splits train and validation, not ${split}.`);
        }
        return { name: split, examples: acceptabilityExamples(split, sizes[split]) };
      },

      encode: (example, tokenizer, maxLength) => ({
        ...encodeTexts(tokenizer, example, maxLength),
        label: example.label,
      }),

      loss: (logits, labels) => {
        const targets = ops.oneHot(ops.cast(labels, "int32"), LABELS.length);
        return softmaxCrossEntropy(logits, ops.cast(targets, "float32"));
      },

      score: (logits, labels) => {
        if (labels.length === 0 || logits.length !== 2 * labels.length) {
          throw new InvalidInputError(
            `Expected 2 logits for each of ${labels.length} labels, found ${logits.length} in all.`,
          );
        }
        const correct = labels.filter((label, row) => label === (logits[2 * row + 1]! > logits[2 * row]! ? 1 : 0));
        return { accuracy: correct.length / labels.length };
      },

      majority: (labels) => {
        if (labels.length === 0) throw new InvalidInputError("Expected labels for a majority baseline, found none.");
        const share = labels.filter((label) => label === 1).length / labels.length;
        return { accuracy: Math.max(share, 1 - share) };
      },
    };
  },
});

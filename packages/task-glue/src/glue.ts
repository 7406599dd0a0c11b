import {
  definePlugin,
  encodeTexts,
  type LabelTask,
  type LoadOptions,
  NotFoundError,
  orDidYouMean,
  type Plugin,
  textOfJson,
} from "@blora/spec";
import { ops, softmaxCrossEntropy } from "@blora/tensor";
import { z } from "zod";
import { type GlueSplit, loadSplit } from "./load.ts";
import { scoreLogits, scoreMajority } from "./score.ts";
import { glueSubmission } from "./submission.ts";
import { type GlueTaskName, glueTaskNames, glueTasks } from "./tasks.ts";

export interface GlueOptions {
  /** Which of GLUE's tasks. */
  readonly task: GlueTaskName;
  /** Split or file to train on instead of `train`, such as `train_subset.tsv`. */
  readonly train?: string | undefined;
  /** Splits or files to evaluate instead of the official ones, the deciding one first. */
  readonly evaluation?: readonly string[] | undefined;
}

const nameSchema = z.string().min(1);
const optionsSchema = z.strictObject({
  task: z.enum(glueTaskNames, {
    error: ({ input }) => `must be one of ${glueTaskNames.join(", ")}${orDidYouMean(textOfJson(input), glueTaskNames)}`,
  }),
  train: nameSchema.optional(),
  evaluation: z.array(nameSchema).min(1).readonly().optional(),
});

/** A GLUE task. Its splits also carry notes about their files. */
export interface GlueComponent extends LabelTask {
  load(split: string, folder: string | undefined, options?: LoadOptions): Promise<GlueSplit>;
}

/**
 * The tasks of GLUE (Wang et al., ICLR 2019), from the official TSV files or
 * the Hub's jsonl and parquet.
 *
 * @example const cola = glue({ task: "cola" });
 */
export const glue: Plugin<"task", "glue", GlueOptions, GlueComponent> = definePlugin({
  kind: "task",
  id: "glue",
  packageName: "@blora/task-glue",
  optionsSchema,
  create: createTask,
});

function createTask(options: GlueOptions): GlueComponent {
  const data = glueTasks[options.task];
  return {
    name: options.task,
    head: data.head,
    takesPairs: data.second !== undefined,
    dataset: { id: "nyu-mll/glue", config: options.task },
    primaryMetric: data.primaryMetric,
    splits: { train: options.train ?? "train", evaluation: options.evaluation ?? data.evaluation },

    load: async (split, folder, use) => {
      if (folder === undefined)
        throw new NotFoundError(`The task ${options.task} has no built-in data: name a GLUE folder.`);
      return loadSplit(data, split, folder, use);
    },

    encode: (example, tokenizer, maxLength) => ({
      ...encodeTexts(tokenizer, example, maxLength),
      label: example.label,
    }),

    loss: (logits, labels) => {
      if (data.head.kind !== "classification") {
        return ops.square(ops.sub(ops.reshape(logits, [-1]), ops.cast(labels, "float32")));
      }
      const targets = ops.oneHot(ops.cast(labels, "int32"), data.head.labels.length);
      return softmaxCrossEntropy(logits, ops.cast(targets, "float32"));
    },

    score: (logits, labels) => scoreLogits(data, logits, labels),
    majority: (labels) => scoreMajority(data, labels),
    submission: glueSubmission(options.task),
  };
}

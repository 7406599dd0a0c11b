import { definePlugin, didYouMean, InvalidInputError, type LabelTask, NotFoundError, type Plugin } from "@blora/spec";
import { ops, softmaxCrossEntropy } from "@blora/tensor";
import { type GlueSplit, loadSplit } from "./load.ts";
import { scoreLogits, scoreMajority } from "./score.ts";
import { type GlueTaskName, glueTaskNames, glueTasks } from "./tasks.ts";

export interface GlueOptions {
  readonly task: GlueTaskName;
  /** Split or file to train on instead of `train`, such as `train_subset.tsv`. */
  readonly train?: string;
  /** Splits or files to evaluate instead of the official ones, the deciding one first. */
  readonly evaluation?: readonly string[];
}

/** A GLUE task. Its splits also carry notes about their files. */
export interface GlueComponent extends LabelTask {
  load(split: string, folder: string | undefined): Promise<GlueSplit>;
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
  optionsSchema: {
    "~standard": {
      version: 1,
      vendor: "blora",
      validate(value) {
        const problem = optionsProblem(value);
        return problem === undefined ? { value: value as GlueOptions } : { issues: [{ message: problem }] };
      },
    },
  },
  create(options: GlueOptions): GlueComponent {
    const problem = optionsProblem(options);
    if (problem !== undefined) throw new InvalidInputError(problem);
    return createTask(options);
  },
});

function createTask(options: GlueOptions): GlueComponent {
  const data = glueTasks[options.task];
  return {
    name: options.task,
    head: data.head,
    dataset: { id: "nyu-mll/glue", config: options.task },
    primaryMetric: data.primaryMetric,
    splits: { train: options.train ?? "train", evaluation: options.evaluation ?? data.evaluation },

    load: async (split, folder) => {
      if (folder === undefined)
        throw new NotFoundError(`The task ${options.task} has no built-in data: name a GLUE folder.`);
      return loadSplit(data, split, folder);
    },

    encode: ({ first, second, label }, tokenizer, maxLength) => ({
      ...tokenizer.assemble(
        tokenizer.encode(first),
        second === undefined ? undefined : tokenizer.encode(second),
        maxLength,
      ),
      label,
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
  };
}

/** What is wrong with options that come from JSON, or nothing. */
function optionsProblem(value: unknown): string | undefined {
  const { task, train, evaluation } = (value ?? {}) as Partial<Record<keyof GlueOptions, unknown>>;
  if (typeof task !== "string" || !(glueTaskNames as readonly string[]).includes(task)) {
    return `Expected glue's option task to be one of ${glueTaskNames.join(", ")}, found ${JSON.stringify(task)}.${didYouMean(String(task), glueTaskNames)}`;
  }
  if (train !== undefined && typeof train !== "string") {
    return `Expected glue's option train to be a split or file name, found ${JSON.stringify(train)}.`;
  }
  const names =
    evaluation === undefined || (Array.isArray(evaluation) && evaluation.every((name) => typeof name === "string"));
  return names
    ? undefined
    : `Expected glue's option evaluation to be a list of split or file names, found ${JSON.stringify(evaluation)}.`;
}

import { z } from "zod";

export interface ClassifyOptions {
  /** What a label is: one of several classes, or a number. */
  readonly kind: "class" | "number";
  /** Names of the classes in the order of their logits; none for numbers. */
  readonly labels?: readonly string[] | undefined;
  /** Column of the text. */
  readonly text: string;
  /** Column of a second text. */
  readonly pair?: string | undefined;
  /** Column of the label. */
  readonly label: string;
  /** What a row of each class counts in the loss. Default: 1. */
  readonly classWeights?: readonly number[] | undefined;
  /** Split or file to train on. Default `train`; of a single file that file. */
  readonly train?: string | undefined;
  /** Splits or files to evaluate, the deciding one first. Default `validation`. */
  readonly evaluation?: readonly string[] | undefined;
  /** Share of the training rows that become `validation` where the data have none. Default 0.1. */
  readonly validationShare?: number | undefined;
  /** Which rows these are. Default 42. */
  readonly validationSeed?: number | undefined;
}

const name = z.string().min(1);

export const optionsSchema: z.ZodType<ClassifyOptions> = z
  .strictObject({
    kind: z.enum(["class", "number"]),
    labels: z.array(name).min(2).readonly().optional(),
    text: name,
    pair: name.optional(),
    label: name,
    classWeights: z.array(z.number().positive()).readonly().optional(),
    train: name.optional(),
    evaluation: z.array(name).min(1).readonly().optional(),
    validationShare: z.number().gt(0).lt(1).optional(),
    validationSeed: z.int().nonnegative().optional(),
  })
  .superRefine(({ kind, labels, classWeights }, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (kind === "class" && labels === undefined) problem("labels", "expected the names of the classes, found none");
    if (kind === "number" && labels !== undefined) problem("labels", "numbers have no classes");
    if (labels !== undefined && new Set(labels).size < labels.length) problem("labels", "expected each class once");
    if (classWeights !== undefined && classWeights.length !== labels?.length) {
      problem(
        "classWeights",
        `expected one weight for each of ${labels?.length ?? 0} classes, found ${classWeights.length}`,
      );
    }
  });

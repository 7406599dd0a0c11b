import { shownNames } from "@blora/data";
import { z } from "zod";
import type { ClassWeights } from "./class-weights.ts";

export interface ClassifyOptions {
  /** What a label is: a class, or a number. */
  readonly kind: "class" | "number";
  /** Whether a row has any number of the classes, none too. Default: one each. */
  readonly several?: boolean | undefined;
  /** What stands between the classes of a cell. Without one a cell is a JSON list, or a single class. */
  readonly separator?: string | undefined;
  /** Names of the classes in the order of their logits; none for numbers. */
  readonly labels?: readonly string[] | undefined;
  /** Column of the text. */
  readonly text: string;
  /** Column of a second text. */
  readonly pair?: string | undefined;
  /** Column of the label. */
  readonly label: string;
  /** What a class counts in the loss, by name. Default: 1. `understandData` makes numbers of `balanced`. */
  readonly classWeights?: ClassWeights | "balanced" | undefined;
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

const options = z.strictObject({
  kind: z.enum(["class", "number"]),
  several: z.boolean().optional(),
  separator: name.optional(),
  labels: z.array(name).min(1).readonly().optional(),
  text: name,
  pair: name.optional(),
  label: name,
  classWeights: z
    .union([z.literal("balanced"), z.record(z.string(), z.number().positive()).readonly()], {
      error: "expected balanced, or a number above 0 for each class by its name",
    })
    .optional(),
  train: name.optional(),
  evaluation: z.array(name).min(1).readonly().optional(),
  validationShare: z.number().gt(0).lt(1).optional(),
  validationSeed: z.int().nonnegative().optional(),
});

export const optionsSchema: z.ZodType<ClassifyOptions> = options.superRefine((options, context) => {
  for (const [path, message] of problemsOf(options)) context.addIssue({ code: "custom", path: [path], message });
});
/** What a user may give, for the data to complete. */
export const givenSchema: z.ZodType = options.partial();

/** What goes against each other. */
function* problemsOf({ kind, several, separator, labels, classWeights }: ClassifyOptions): Generator<[string, string]> {
  if (kind === "number") {
    if (labels !== undefined) yield ["labels", "numbers have no classes"];
    if (several === true) yield ["several", "numbers have no classes"];
    if (classWeights !== undefined) yield ["classWeights", "numbers have no classes"];
    return;
  }
  if (separator !== undefined && several !== true)
    yield ["separator", "expected several to be true, found that it is not"];
  if (labels === undefined) return yield ["labels", "expected the names of the classes, found none"];
  if (labels.length < 2 && several !== true) yield ["labels", `expected at least two classes, found ${labels.join()}`];
  if (new Set(labels).size < labels.length) yield ["labels", "expected each class once"];
  if (classWeights === "balanced") {
    yield ["classWeights", "expected numbers, which understandData makes of balanced and the training rows"];
  } else if (Object.keys(classWeights ?? {}).some((name) => !labels.includes(name))) {
    yield ["classWeights", `expected weights of the classes ${shownNames(labels)}`];
  }
}

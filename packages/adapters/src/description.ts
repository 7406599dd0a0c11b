import {
  type Head,
  InvalidInputError,
  type JsonObject,
  type ParameterGroup,
  PRECISIONS,
  type Precision,
  requireValid,
  type Scores,
  type SiteSummary,
} from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { z } from "zod";
import type { PackedState } from "./packed/pack.ts";

/** Version of the packed format that is written. */
export const FORMAT_VERSION = 3;

/** The one before, whose codes had a width and a scale for each matrix. Without codes it is the same. */
const WITHOUT_VECTORS = 2;

/** Price of the trained adapters per token, with hard gates. */
export interface CostSummary {
  /** Which operands count: `adapter`, `site`, … */
  readonly scope: string;
  readonly unit: string;
  readonly macs: number;
  readonly bitOperations: number;
  /** Plain LoRA in 32 bit at the starting rank, same products. */
  readonly baseline: number;
  /** bitOperations / baseline */
  readonly ratio: number;
}

/** One matrix product of the ledger behind a `CostSummary`, per token. */
export interface LedgerRow {
  readonly path: string;
  readonly matrix: string;
  readonly macs: number;
  readonly weightBits: number;
  readonly inputBits: number;
  readonly cost: number;
}

/** What the weights scored. */
export interface AdapterResults {
  readonly split: string;
  /** Rows of the split. */
  readonly rows: number;
  readonly metric: string;
  readonly scores: Scores;
  readonly seed: number;
  /** Updates made. */
  readonly steps: number;
  /** What products with frozen weights were computed in, where that is not float32. */
  readonly precision?: Precision | undefined;
}

/** A data set of the Hub. */
export interface DatasetName {
  readonly id: string;
  readonly config?: string | undefined;
  /** Commit. */
  readonly revision?: string | undefined;
}

/** Facts about an adapter that its tensors do not hold. */
export interface AdapterDescription {
  /** Hub id of the frozen network, or the absolute path of its folder. */
  readonly baseModel: string;
  /** Commit of a Hub model. */
  readonly baseRevision?: string | undefined;
  /** Its content, see `checkpointSha256`. */
  readonly baseSha256?: string | undefined;
  readonly task: string;
  /** Manifest of the task with its options, such as a template or evaluation splits; none of one no plugin made. */
  readonly taskManifest?: JsonObject | undefined;
  /** Hub data set of the task, and the commit where training read it from there. */
  readonly dataset?: DatasetName | undefined;
  /** SHA-256 of the tokenizer's chat template, where the task is one of conversations. */
  readonly chatTemplateSha256?: string | undefined;
  readonly head: Head;
  /** Manifest of the method. */
  readonly method: JsonObject;
  readonly maxSeqLength: number;
  readonly ranks: Readonly<Record<string, number>>;
  readonly bits: Readonly<Record<string, SiteSummary["bits"]>>;
  readonly bops: CostSummary;
  readonly ledger: readonly LedgerRow[];
  readonly results?: AdapterResults | undefined;
}

export interface StoredDescription extends AdapterDescription {
  readonly state: PackedState;
}

const text = z.string().max(1000);
const count = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const whole = z.int().min(0);
const groups = ["weights", "gates", "ranges", "head", "frozen"] as const satisfies readonly ParameterGroup[];

const headSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("classification"),
    labels: z.array(text).min(1),
    several: z.literal(true).exactOptional(),
  }),
  z.strictObject({ kind: z.literal("token-classification"), labels: z.array(text).min(1) }),
  z.strictObject({ kind: z.literal("regression") }),
  z.strictObject({ kind: z.literal("masked-language-model") }),
  z.strictObject({ kind: z.literal("language-model") }),
]);

const codesSchema = z.strictObject({
  bits: z.array(z.int().min(1).max(16)),
  signed: z.boolean(),
  offset: z.union([z.literal(0), z.literal(0.5)]),
  vector: z.enum(["row", "column", "all"]),
});

const parameterSchema = z
  .strictObject({
    name: text.min(1),
    group: z.enum(groups),
    shape: z.array(count).max(4),
    codes: codesSchema.optional(),
  })
  .refine(({ shape }) => sizeOf(shape) <= 2 ** 31 - 1, { message: "expected fewer than 2^31 values" })
  .refine(({ shape, codes }) => codes === undefined || codes.bits.length === vectorsOf(shape, codes.vector), {
    message: "expected a width for each vector",
  });

/** Vectors of a parameter; undefined for a shape that has none. */
function vectorsOf(shape: readonly number[], vector: "row" | "column" | "all"): number | undefined {
  if (vector === "all") return 1;
  return shape.length === 2 ? shape[vector === "row" ? 0 : 1] : undefined;
}

const width = z.int().min(0).max(32);

const descriptionSchema: z.ZodType<StoredDescription> = z.strictObject({
  baseModel: text,
  baseRevision: text.optional(),
  baseSha256: z.stringFormat("sha256", /^[0-9a-f]{64}$/).optional(),
  task: text,
  taskManifest: z.record(z.string(), z.json()).optional(),
  dataset: z.strictObject({ id: text, config: text.optional(), revision: text.optional() }).optional(),
  chatTemplateSha256: z.stringFormat("sha256", /^[0-9a-f]{64}$/).optional(),
  head: headSchema,
  method: z.record(z.string(), z.json()),
  maxSeqLength: z.int().min(1),
  ranks: z.record(z.string(), count),
  bits: z.record(z.string(), z.record(z.string(), z.union([width, z.array(width)]))),
  bops: z.strictObject({
    scope: text,
    unit: text,
    macs: whole,
    bitOperations: whole,
    baseline: whole,
    ratio: z.number().min(0),
  }),
  ledger: z.array(
    z.strictObject({ path: text, matrix: text, macs: whole, weightBits: count, inputBits: count, cost: whole }),
  ),
  results: z
    .strictObject({
      split: text,
      rows: count,
      metric: text,
      scores: z.record(z.string(), z.number()),
      seed: z.int(),
      steps: count,
      precision: z.enum(PRECISIONS).optional(),
    })
    .optional(),
  state: z.strictObject({
    layouts: z.record(z.string(), z.record(z.string(), z.json())),
    parameters: z
      .array(parameterSchema)
      .refine((parameters) => new Set(parameters.map(({ name }) => name)).size === parameters.length, {
        message: "expected every parameter once",
      }),
  }),
});

/** Index of the first parameter of format 2 that has codes, -1 without one: only these say of how many bits. */
function firstCoded({ state }: Readonly<Record<string, unknown>>): number {
  const { parameters } = (state ?? {}) as { readonly parameters?: unknown };
  if (!Array.isArray(parameters)) return -1;
  return parameters.findIndex((parameter: { bits?: unknown } | null) => parameter?.bits !== undefined);
}

/** The text of `blora_config.json`: JSON with a line for each parameter and each product. */
export function stringifyDescription(description: StoredDescription): string {
  const lines = Object.entries({ formatVersion: FORMAT_VERSION, ...description })
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        `  ${JSON.stringify(key)}: ${key === "state" ? stateLines(description.state) : itemLines(value)}`,
    );
  return `{\n${lines.join(",\n")}\n}\n`;
}

function stateLines({ layouts, parameters }: PackedState): string {
  return `{\n  "layouts": ${itemLines(layouts)},\n  "parameters": ${itemLines(parameters)}\n  }`;
}

function itemLines(value: unknown): string {
  const isLong = Array.isArray(value) && value.length > 0;
  return isLong ? `[\n    ${value.map((item) => JSON.stringify(item)).join(",\n    ")}\n  ]` : JSON.stringify(value);
}

/**
 * Checks the content of `blora_config.json`. Nothing in it is run: components
 * it names are looked up among those that are registered.
 *
 * @param origin path, for errors
 * @throws InvalidInputError naming every key that is wrong
 */
export function parseDescription(json: JsonObject, origin: string): StoredDescription {
  const { formatVersion, ...rest } = json;
  if (formatVersion !== FORMAT_VERSION && formatVersion !== WITHOUT_VECTORS) {
    throw new InvalidInputError(
      `${origin}: expected formatVersion ${FORMAT_VERSION}, found ${JSON.stringify(formatVersion) ?? "none"}. ` +
        (typeof formatVersion === "number" && formatVersion > FORMAT_VERSION
          ? "A later version of @blora/adapters wrote it: update the package."
          : "It is damaged, or too old to be read: train or export it again."),
    );
  }
  const coded = formatVersion === WITHOUT_VECTORS ? firstCoded(rest) : -1;
  if (coded >= 0) {
    throw new InvalidInputError(
      `${origin}: expected formatVersion ${FORMAT_VERSION}, found ${WITHOUT_VECTORS} with one bit width for a whole matrix in state.parameters.${coded}.bits, which is no longer read. ` +
        "The PEFT files beside it hold the same update: move blora_config.json and blora_model.safetensors away, and the folder loads as plain LoRA.",
    );
  }
  return requireValid(descriptionSchema, rest, `${origin}: expected the description of an adapter, found problems`);
}

import { didYouMean, InvalidInputError } from "@blora/spec";
import { z } from "zod";

const count = z.int().positive();
const countOrZero = z.int().nonnegative();
const rate = z.number().nonnegative();
const share = z.number().min(0).lt(1);

/** Every training argument with its default. Names are Hugging Face's `TrainingArguments` in camelCase. */
const schema = z.strictObject({
  /** Peak learning rate of the adapter's weights. */
  learningRate: z.number().positive().default(5e-4),
  /** Peak learning rate of the task head; the adapter's by default. */
  headLearningRate: z.number().positive().optional(),
  /**
   * Constant learning rate of gates. `auto`: at least 1e-2, and enough for the
   * farthest gate to close three times over within its phase.
   */
  gateLearningRate: z.union([z.literal("auto"), z.number().positive()]).default("auto"),
  /** Constant learning rate of quantizer ranges. */
  rangeLearningRate: z.number().positive().default(1e-2),
  perDeviceTrainBatchSize: count.default(32),
  perDeviceEvalBatchSize: count.default(64),
  gradientAccumulationSteps: count.default(1),
  numTrainEpochs: z.number().positive().default(3),
  /** Updates to make; overrides `numTrainEpochs`. */
  maxSteps: count.optional(),
  /** Longest text in tokens; longer ones are cut. */
  maxSeqLength: z.int().min(4).default(128),
  /** Batches are padded to multiples of this many tokens. Each length compiles once. */
  padToMultipleOf: count.default(16),
  /** Updates of linear warm-up; overrides `warmupRatio`. */
  warmupSteps: countOrZero.optional(),
  warmupRatio: share.default(0),
  lrSchedulerType: z.enum(["linear", "constant", "cosine"]).default("linear"),
  weightDecay: rate.default(0),
  adamBeta1: share.default(0.9),
  adamBeta2: share.default(0.999),
  adamEpsilon: z.number().positive().default(1e-8),
  /** Largest joint gradient norm; 0 turns clipping off. */
  maxGradNorm: rate.default(1),
  seed: z.int().min(0).max(0xffffffff).default(42),
  loggingSteps: count.default(10),
  /** Updates between evaluations; once per epoch by default. */
  evalSteps: count.optional(),
  /** Updates between checkpoints; as often as evaluations by default. */
  saveSteps: count.optional(),
  /** Checkpoints kept; older ones are removed. */
  saveTotalLimit: count.default(2),
  /** Whether `adapter/` holds the best evaluation's weights rather than the last step's. */
  loadBestModelAtEnd: z.boolean().default(true),
  /** Evaluations without improvement before training stops. */
  earlyStoppingPatience: count.optional(),
  maxTrainSamples: count.optional(),
  maxEvalSamples: count.optional(),
  /** Roles of the linear maps that are adapted; the architecture's default where absent. */
  targets: z.array(z.string().min(1)).min(1).optional(),
});

/** Arguments with every default filled in. */
export type TrainingArguments = z.output<typeof schema>;

/** Arguments as the user gives them. */
export type TrainingArgumentsInput = z.input<typeof schema>;

/** Names of all arguments. */
export const trainingArgumentNames: readonly string[] = Object.keys(schema.shape);

/**
 * Checks arguments and fills in defaults.
 *
 * @throws InvalidInputError naming every wrong argument, what was expected and what was found
 */
export function parseTrainingArguments(input: unknown): TrainingArguments {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InvalidInputError(
    `Training arguments: ${result.error.issues.map((issue) => describe(issue, input)).join("; ")}.`,
  );
}

function describe(issue: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === "unrecognized_keys") {
    return issue.keys
      .map((key) => `no argument is called "${key}".${didYouMean(key, trainingArgumentNames)}`)
      .join("; ");
  }
  const found = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    input,
  );
  return `${issue.path.join(".") || "value"}: ${issue.message}, found ${typeof found === "number" ? found : JSON.stringify(found)}`;
}

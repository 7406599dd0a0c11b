import { requireValid } from "@blora/spec";
import { z } from "zod";

const count = z.int().positive();
const countOrZero = z.int().nonnegative();
const rate = z.number().nonnegative();
const share = z.number().min(0).lt(1);

export type ScheduleType = "linear" | "constant" | "cosine";

/** How a run trains, with every default filled in. Names are Hugging Face's `TrainingArguments` in camelCase. */
export interface TrainingArguments {
  /** Peak learning rate of the adapter's weights. Default 5e-4. */
  readonly learningRate: number;
  /** Peak learning rate of the task head; the weights' by default. */
  readonly headLearningRate?: number | undefined;
  /** Default 32. */
  readonly perDeviceTrainBatchSize: number;
  /** Default 64. */
  readonly perDeviceEvalBatchSize: number;
  /** Batches of one update. Default 1. */
  readonly gradientAccumulationSteps: number;
  /** Default 3. */
  readonly numTrainEpochs: number;
  /** Updates to make; overrides `numTrainEpochs`. */
  readonly maxSteps?: number | undefined;
  /** Longest text in tokens; longer ones are cut, and never more than the architecture takes. Default 128. */
  readonly maxSeqLength: number;
  /**
   * Batches are padded to multiples of this many tokens. By default to one of
   * at most twelve lengths chosen for the data, so that padding stays near 8 %
   * of the tokens. Each length compiles once. Rows of a length share batches:
   * where length goes with the answer, few lengths train better.
   */
  readonly padToMultipleOf?: number | undefined;
  /**
   * Tokens one pass computes at most, padding included: bounds memory. A batch
   * with more goes in several passes that make the same update. Any number by default.
   */
  readonly maxTokensPerPass?: number | undefined;
  /**
   * Whether what a layer computes inside is computed again for the gradient instead of kept: memory of one layer in place of
   * all, for about a third more arithmetic. The values are the same. Default false.
   */
  readonly gradientCheckpointing?: boolean | undefined;
  /** Whether training rows hold several texts, up to `maxSeqLength` tokens, that do not see each other. Language models only. Default false. */
  readonly packing: boolean;
  /** Updates of linear warm-up; overrides `warmupRatio`. */
  readonly warmupSteps?: number | undefined;
  /** Default 0. */
  readonly warmupRatio: number;
  /** Default `linear`. */
  readonly lrSchedulerType: ScheduleType;
  /** Default 0. */
  readonly weightDecay: number;
  /** Default 0.9. */
  readonly adamBeta1: number;
  /** Default 0.999. */
  readonly adamBeta2: number;
  /** Default 1e-8. */
  readonly adamEpsilon: number;
  /** Largest joint gradient norm; 0 turns clipping off. Default 1. */
  readonly maxGradNorm: number;
  /** Default 42. */
  readonly seed: number;
  /** Updates between lines of `metrics.jsonl`. Default 10. */
  readonly loggingSteps: number;
  /** Updates between evaluations; once per epoch by default. */
  readonly evalSteps?: number | undefined;
  /** Updates between checkpoints; as often as evaluations by default. */
  readonly saveSteps?: number | undefined;
  /** Checkpoints kept; older ones are removed. Default 2. */
  readonly saveTotalLimit: number;
  /** Whether `adapter/` holds the best evaluation's weights rather than the last step's. Default true. */
  readonly loadBestModelAtEnd: boolean;
  /** Evaluations without improvement before training stops; never by default. */
  readonly earlyStoppingPatience?: number | undefined;
  /** Rows used at most, from the start of the split. */
  readonly maxTrainSamples?: number | undefined;
  /** Rows used at most of each evaluation split, from its start. */
  readonly maxEvalSamples?: number | undefined;
  /** Roles of the linear maps that are adapted; the architecture's default where absent. */
  readonly targets?: readonly string[] | undefined;
}

/** Arguments as the user gives them. */
export type TrainingArgumentsInput = Partial<TrainingArguments>;

/** What the arguments must be. */
export const trainingArgumentsSchema: z.ZodType<TrainingArguments> = z.strictObject({
  learningRate: z.number().positive().default(5e-4),
  headLearningRate: z.number().positive().optional(),
  perDeviceTrainBatchSize: count.default(32),
  perDeviceEvalBatchSize: count.default(64),
  gradientAccumulationSteps: count.default(1),
  numTrainEpochs: z.number().positive().default(3),
  maxSteps: count.optional(),
  maxSeqLength: z.int().min(4).default(128),
  padToMultipleOf: count.optional(),
  maxTokensPerPass: count.optional(),
  gradientCheckpointing: z.boolean().optional(),
  packing: z.boolean().default(false),
  warmupSteps: countOrZero.optional(),
  warmupRatio: share.default(0),
  lrSchedulerType: z.enum(["linear", "constant", "cosine"]).default("linear"),
  weightDecay: rate.default(0),
  adamBeta1: share.default(0.9),
  adamBeta2: share.default(0.999),
  adamEpsilon: z.number().positive().default(1e-8),
  maxGradNorm: rate.default(1),
  seed: z.int().min(0).max(0xffffffff).default(42),
  loggingSteps: count.default(10),
  evalSteps: count.optional(),
  saveSteps: count.optional(),
  saveTotalLimit: count.default(2),
  loadBestModelAtEnd: z.boolean().default(true),
  earlyStoppingPatience: count.optional(),
  maxTrainSamples: count.optional(),
  maxEvalSamples: count.optional(),
  targets: z.array(z.string().min(1)).min(1).optional(),
});

/**
 * Checks arguments and fills in defaults.
 *
 * @throws InvalidInputError naming every wrong argument, what was expected and what was found
 */
export function parseTrainingArguments(input: unknown): TrainingArguments {
  return requireValid(trainingArgumentsSchema, input, "Training arguments");
}

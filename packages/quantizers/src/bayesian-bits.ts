import {
  type Context,
  definePlugin,
  FLOAT_BITS,
  type Gate,
  InvalidInputError,
  type ParameterRecord,
  type Plugin,
  type Quantizer,
} from "@blora/spec";
import {
  detached,
  evaluateOnHost,
  nestedExpectation,
  nestedProduct,
  nestedRank,
  ops,
  rowsOf,
  scalarsOf,
  type Tensor,
  type TensorRecord,
} from "@blora/tensor";
import { z } from "zod";
import { initialRange, widenRange } from "./range.ts";
import { encodeToBits, roundToBits, roundToMixture, roundToStep, stepSize } from "./rounding.ts";

const WIDTHS = [2, 4, 8, 16] as const;

type Width = (typeof WIDTHS)[number];

/** Logit at which the reference code drops a gate and every later one for good. */
const TRUNCATION_LOGIT = -2;

export interface BayesianBitsOptions {
  /** Gate that opens each width above the narrowest. */
  readonly gate: Gate;
  /** Width with every gate closed. Default 2. */
  readonly minBits?: Width | undefined;
  /** Widest it may become. Default 16. */
  readonly maxBits?: Width | undefined;
  /** Train the range α. Default true. */
  readonly learnRange?: boolean | undefined;
  /** Starting logit of each gate, from the narrowest width to the widest. Default: the gate's own. */
  readonly initialLogits?: readonly number[] | undefined;
  /**
   * Closes a gate whose logit is at most -2, and all after it, as the reference
   * code does. Such a gate sees no more of the task and never opens again.
   * Default false.
   */
  readonly truncate?: boolean | undefined;
}

const widthSchema = z.union([z.literal(2), z.literal(4), z.literal(8), z.literal(16)]);
const optionsSchema = z.strictObject({
  gate: z.custom<Gate>(
    (value) => typeof value === "object" && value !== null && "sample" in value,
    "a gate component, such as { $plugin: gate/hard-concrete }",
  ),
  minBits: widthSchema.optional(),
  maxBits: widthSchema.optional(),
  learnRange: z.boolean().optional(),
  initialLogits: z.array(z.number()).readonly().optional(),
  truncate: z.boolean().optional(),
});

/**
 * Bayesian Bits (van Baalen et al. 2020): x rounded to `minBits` plus gated
 * residuals that double the width, x_2 + z_4(ε_4 + z_8(ε_8 + z_16 ε_16)) from 2 bits on.
 *
 * One sample of each gate serves the whole tensor. The range is clipped and
 * learned as in PACT. 32 bits are not rounded to: in float32 that step lies
 * below the resolution of the values.
 *
 * Parameters: `logRange` [], ln α; `gates` [G], the logits of the G widths
 * above `minBits`.
 *
 * @throws InvalidInputError for an unknown width or a wrong number of logits.
 */
export const bayesianBits: Plugin<"quantizer", "bayesian-bits", BayesianBitsOptions, Quantizer> = definePlugin({
  kind: "quantizer",
  id: "bayesian-bits",
  packageName: "@blora/quantizers",
  optionsSchema,
  create: (options: BayesianBitsOptions): Quantizer => {
    const { gate, minBits = 2, maxBits = 16, learnRange = true, truncate = false } = options;
    const widths = widthsBetween(minBits, maxBits);
    const gateCount = widths.length - 1;
    const { initialLogits = Array<number>(gateCount).fill(gate.initialLogit) } = options;
    if (initialLogits.length !== gateCount) {
      throw new InvalidInputError(
        `bayesianBits: initialLogits needs ${gateCount} values for ${minBits} to ${maxBits} bits, found ${initialLogits.length}.`,
      );
    }

    const gateValues = (logits: Tensor, context: Context, path: string): Tensor => {
      if (context.mode === "eval") return gate.mode(logits);
      const sample = gate.sample(logits, context.uniform(path, logits.shape));
      return truncate ? ops.mul(sample, ops.step(ops.sub(logits, TRUNCATION_LOGIT))) : sample;
    };

    /** Adds `shares` [1, L] of the widths in the mixture, and `step` [], that of evaluation's width over [0, 1]. */
    const drawAll = (all: readonly TensorRecord[], context: Context, path: string): TensorRecord[] => {
      const logits = ops.stack(all.map(({ gates }) => gates!)); // [N, G]
      const shares = rowsOf(sharesOf(gateValues(logits, context, path)));
      const decided = sharesOf(gate.mode(detached(logits))); // [N, L], 1 at one width
      const steps = widths.map((bits) => stepSize(bits, false));
      const step = scalarsOf(ops.reshape(ops.matMul(decided, ops.tensor(steps, [steps.length, 1])), [-1]));
      return all.map((parameters, index) => ({ ...parameters, shares: shares[index]!, step: step[index]! }));
    };
    const drawn = (parameters: TensorRecord, context: Context, path: string): TensorRecord =>
      parameters.shares === undefined ? drawAll([parameters], context, path)[0]! : parameters;

    const fixed = (parameters: TensorRecord, x: Tensor, signed: boolean, bits: number): Tensor =>
      bits === FLOAT_BITS ? x : roundToBits(x, parameters.logRange!, bits, signed);

    return {
      bitWidths: widths,
      init: (tensor): ParameterRecord => ({
        logRange: initialRange(tensor, learnRange),
        ...(gateCount > 0 && {
          gates: { shape: [gateCount], values: Float32Array.from(initialLogits), group: "gates" as const },
        }),
      }),
      quantize: (parameters, x, signed, context, path) => {
        if (gateCount === 0) return fixed(parameters, x, signed, maxBits);
        const { shares } = drawn(parameters, context, path);
        return roundToMixture(x, parameters.logRange!, shares!, widths, signed);
      },
      quantizeSampled: (parameters, x, rows, signed, context, path) => {
        const rowsOfX = ops.gather(detached(x), rows);
        if (gateCount === 0) {
          const constant = { logRange: detached(parameters.logRange!) };
          return { whole: fixed(constant, x, signed, maxBits), sample: fixed(parameters, rowsOfX, signed, maxBits) };
        }
        const { shares, step } = drawn(parameters, context, path);
        return {
          whole: roundToStep(x, parameters.logRange!, signed ? ops.mul(step!, 2) : step!, signed),
          sample: roundToMixture(rowsOfX, parameters.logRange!, shares!, widths, signed),
        };
      },
      ...(gateCount > 0 && { drawAll }),
      quantizeFixed: fixed,
      widen: ({ logRange }, tensor) => widenRange(logRange!, tensor),
      expectedBits: (parameters) =>
        gateCount === 0 ? ops.scalar(maxBits) : nestedExpectation(gate.probabilityOn(parameters.gates!), widths),
      ...(gateCount > 0 && {
        expectedBitsOfAll: (all: readonly TensorRecord[]) =>
          scalarsOf(nestedExpectation(gate.probabilityOn(ops.stack(all.map(({ gates }) => gates!))), widths)),
      }),
      gateProbabilities: ({ gates }) => {
        if (gates === undefined) return {};
        const open = evaluateOnHost(() => gate.probabilityOn(ops.tensor(gates.values)));
        return Object.fromEntries(widths.slice(1).map((width, index) => [width, open[index]!]));
      },
      bits: (parameters) => widths[gateCount === 0 ? 0 : nestedRank(parameters.gates!.values, gate) - 1]!,
      encode: (parameters, values, signed, bits) =>
        bits === FLOAT_BITS ? undefined : encodeToBits(values, parameters.logRange!.values[0]!, bits, signed),
    };
  },
});

function widthsBetween(minBits: Width, maxBits: Width): readonly Width[] {
  for (const [option, bits] of Object.entries({ minBits, maxBits })) {
    if (!WIDTHS.includes(bits)) {
      throw new InvalidInputError(`bayesianBits: ${option} must be 2, 4, 8 or 16, not ${bits}.`);
    }
  }
  if (minBits > maxBits) {
    throw new InvalidInputError(`bayesianBits: minBits must be at most maxBits, ${maxBits}, not ${minBits}.`);
  }
  return WIDTHS.filter((width) => minBits <= width && width <= maxBits);
}

/** Share of each of L widths in the mixture, [N, L], from gate values [N, L-1]. */
function sharesOf(gates: Tensor): Tensor {
  return ops.matMul(nestedProduct(gates), widthMixing(gates.shape[1]! + 1));
}

/**
 * [L, L] with 1 on the diagonal and -1 below it: turns running products
 * p_i = Π_{j≤i} z_j into the share of each width, p_i - p_{i+1}.
 */
function widthMixing(size: number): Tensor {
  const entries = Array.from({ length: size * size }, (_, index) => {
    const row = Math.floor(index / size);
    const column = index % size;
    return row === column ? 1 : row === column + 1 ? -1 : 0;
  });
  return ops.tensor(entries, [size, size]);
}

import type { Gate, Quantizer } from "@blora/spec";
import { z } from "zod";
import { alphaSchema, dropoutSchema, type LowRankOptions, parseOptions, rankSchema } from "../options.ts";

/**
 * What is quantized: the trained matrices; also the activations that enter
 * them; or the whole site, frozen weight and its input included.
 */
export type Scope = "adapter" | "adapter+activations" | "site";

/** Shares of a run, which sum to 1. */
export interface PhaseShares {
  /** Plain LoRA, so that ranges are set from trained tensors. Above 0. */
  readonly warmup: number;
  /** Ranks and bit widths are learned. */
  readonly gates: number;
  /** Ranks and bit widths are fixed; the task loss alone. */
  readonly settle: number;
}

export interface BloraOptions extends LowRankOptions {
  /** Gates of the rank components. */
  readonly rankGate: Gate;
  /** Quantizer of every operand in scope. */
  readonly quantizer: Quantizer;
  /** Rank every site starts with. Default 8. */
  readonly rank?: number | undefined;
  /** Default `adapter`. */
  readonly scope?: Scope | undefined;
  /** λ: the task loss that running for free instead of at full price is worth. Default 0.1. */
  readonly penaltyStrength?: number | undefined;
  /**
   * Share of the baseline's cost the run is to end at, over 0 to 1. λ is then
   * adapted and `penaltyStrength` has no part; needs a settle phase. Default: none.
   */
  readonly bopsTarget?: number | undefined;
  /**
   * Share of rows from which the gradients of the quantizers of W0 and of
   * activations are estimated, unbiased, where the scope rounds them; over 0
   * to 1, which is exact. Default 1/32.
   */
  readonly gradientShare?: number | undefined;
  /** Default { warmup: 0.1, gates: 0.6, settle: 0.3 }. */
  readonly phases?: PhaseShares | undefined;
  /** `nested`: a closed gate closes all later components. `independent`: each closes its own. Default `nested`. */
  readonly rankPrior?: "nested" | "independent" | undefined;
  /** `cost`: the expected cost of a token. `const`: every width and rank weighs the same. Default `cost`. */
  readonly penalty?: "cost" | "const" | undefined;
  /** Default true. */
  readonly learnRank?: boolean | undefined;
  /** False leaves every operand in floating point. Default true. */
  readonly learnBits?: boolean | undefined;
  /** φ the rank gates start from. Default 2; the gate's own `initialLogit` is for quantizers. */
  readonly initialGateLogit?: number | undefined;
  /** The objective of the first author's code in place of `rankPrior` and `penalty`; see the README. Default false. */
  readonly portCompat?: boolean | undefined;
}

/** Options with every default in place. */
export interface BloraSettings {
  readonly rankGate: Gate;
  readonly quantizer: Quantizer;
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly scope: Scope;
  readonly penaltyStrength: number;
  readonly bopsTarget?: number | undefined;
  readonly gradientShare: number;
  readonly phases: PhaseShares;
  readonly rankPrior: "nested" | "independent";
  readonly penalty: "cost" | "const";
  readonly learnRank: boolean;
  readonly learnBits: boolean;
  readonly initialGateLogit: number;
  readonly portCompat: boolean;
}

const SHARE_TOLERANCE = 1e-6;

const phasesSchema = z
  .strictObject({
    warmup: z.number().gt(0).max(1),
    gates: z.number().min(0).max(1),
    settle: z.number().min(0).max(1),
  })
  .refine(({ warmup, gates, settle }) => Math.abs(warmup + gates + settle - 1) < SHARE_TOLERANCE, {
    message: "expected shares of the run that sum to 1",
  });

export const bloraOptionsSchema: z.ZodType<BloraSettings> = z
  .strictObject({
    rankGate: z.custom<Gate>(hasMembers(["sample", "mode", "isOn"]), { message: "expected a gate" }),
    quantizer: z.custom<Quantizer>(hasMembers(["init", "quantize", "quantizeFixed"]), {
      message: "expected a quantizer",
    }),
    rank: rankSchema.default(8),
    alpha: alphaSchema.optional(),
    dropout: dropoutSchema.default(0),
    scope: z.enum(["adapter", "adapter+activations", "site"]).default("adapter"),
    penaltyStrength: z.number().min(0).default(0.1),
    gradientShare: z
      .number()
      .positive()
      .max(1)
      .default(1 / 32),
    bopsTarget: z.number().positive().max(1).optional(),
    phases: phasesSchema.default({ warmup: 0.1, gates: 0.6, settle: 0.3 }),
    rankPrior: z.enum(["nested", "independent"]).default("nested"),
    penalty: z.enum(["cost", "const"]).default("cost"),
    learnRank: z.boolean().default(true),
    learnBits: z.boolean().default(true),
    initialGateLogit: z.number().default(2),
    portCompat: z.boolean().default(false),
  })
  .refine(({ bopsTarget, phases }) => bopsTarget === undefined || phases.settle > 0, {
    message: "expected a settle phase above 0 beside bopsTarget, which is met when gates are made hard",
    path: ["phases", "settle"],
  })
  .transform((options) => ({ ...options, alpha: options.alpha ?? 2 * options.rank }));

/** Checked settings. Throws `InvalidInputError`. */
export function bloraSettings(options: BloraOptions): BloraSettings {
  const settings = parseOptions("blora", bloraOptionsSchema, options);
  return settings.portCompat ? { ...settings, rankPrior: "nested", penalty: "const" } : settings;
}

function hasMembers(names: readonly string[]): (value: unknown) => boolean {
  return (value) => typeof value === "object" && value !== null && names.every((name) => name in value);
}

import type { Gate, Quantizer } from "@blora/spec";
import { z } from "zod";
import {
  alphaSchema,
  dropoutSchema,
  type LowRankOptions,
  type OptionSchemas,
  rankSchema,
  type WithDefaults,
} from "../options.ts";

/** What is quantized: the trained matrices; also the activations that enter them; or the whole site, W0 and its input included. */
export type Scope = "adapter" | "adapter+activations" | "site";

/** Shares of a run, which sum to 1. */
export interface PhaseShares {
  /** Plain LoRA, so that widths are chosen for trained matrices. Above 0. */
  readonly warmup: number;
  /** Gates are learned; 0 unless `allocation` is `gates`. */
  readonly gates: number;
  /** Ranks and bit widths are fixed; the matrices train through their rounding. */
  readonly settle: number;
}

export interface BloraOptions extends LowRankOptions {
  /** Quantizer of A and B. A width of 0 among its widths closes components. */
  readonly quantizer: Quantizer;
  /** Quantizer of W0 and of activations, where the scope rounds them. */
  readonly siteQuantizer?: Quantizer | undefined;
  /** Rank every site starts with. Default 8. */
  readonly rank?: number | undefined;
  /**
   * What has a width of its own. `component`: each singular component of a
   * site, row i of A and column i of B. `matrix`: A and B as a whole, and
   * the rank is learned apart, as in the paper. Default `component`.
   */
  readonly granularity?: "component" | "matrix" | undefined;
  /** Gates of the rank at granularity `matrix`, each behind the one before; the rank stays where absent. */
  readonly rankGate?: Gate | undefined;
  /** Default `adapter`. */
  readonly scope?: Scope | undefined;
  /** Share of the bit operations of LoRA in 32 bit at the starting rank that the run is to end at, over 0 to 1. */
  readonly bopsTarget?: number | undefined;
  /**
   * How a budget is spent. `knapsack`: where a bit operation removes the most
   * rounding error. `gates`: as gates learn it, from the knapsack on.
   * `uniform`: alike in every site, its strongest components first. Default `knapsack`.
   */
  readonly allocation?: "knapsack" | "gates" | "uniform" | undefined;
  /** Rounding error by which widths are chosen: of the update B·A, or of A and B weighed by a diagonal Fisher information. Default `error`. */
  readonly sensitivity?: "error" | "fisher" | undefined;
  /** λ of the paper's objective, for gates without a budget. Default 0.1. */
  readonly penaltyStrength?: number | undefined;
  /** Default { warmup: 2/3, gates: 0, settle: 1/3 }; with gates { warmup: 1/3, gates: 1/3, settle: 1/3 }. */
  readonly phases?: PhaseShares | undefined;
  /** Learning rate of gates, AdamW's. Default 0.05. */
  readonly gateLearningRate?: number | undefined;
  /** Learning rate of quantizer ranges, AdamW's. Default 0.01. */
  readonly rangeLearningRate?: number | undefined;
  /** Share of W0 and activations whose width is drawn in one step of the gates phase; the others have their decided width. Default 1/16. */
  readonly drawShare?: number | undefined;
  /** Share of rows from which gradients of the quantizers of W0 and of activations are estimated, unbiased. Default 1/32. */
  readonly gradientShare?: number | undefined;
}

export type BloraSettings = WithDefaults<BloraOptions, "siteQuantizer" | "rankGate" | "bopsTarget">;

const SHARE_TOLERANCE = 1e-6;
const share = z.number().positive().max(1);

const phasesSchema = z
  .strictObject({
    warmup: z.number().gt(0).max(1),
    gates: z.number().min(0).max(1),
    settle: z.number().min(0).max(1),
  })
  .refine(({ warmup, gates, settle }) => Math.abs(warmup + gates + settle - 1) < SHARE_TOLERANCE, {
    message: "expected shares of the run that sum to 1",
  });

const quantizerSchema = z.custom<Quantizer>(hasMembers(["bitWidths", "init", "round"]), {
  message: "expected a quantizer",
});

export const bloraOptionsSchema: z.ZodType<BloraSettings, BloraOptions> = z
  .strictObject({
    quantizer: quantizerSchema,
    siteQuantizer: quantizerSchema.optional(),
    rank: rankSchema.default(8),
    alpha: alphaSchema.optional(),
    dropout: dropoutSchema.default(0),
    granularity: z.enum(["component", "matrix"]).default("component"),
    rankGate: z.custom<Gate>(hasMembers(["sample", "decide"]), { message: "expected a gate" }).optional(),
    scope: z.enum(["adapter", "adapter+activations", "site"]).default("adapter"),
    bopsTarget: share.optional(),
    allocation: z.enum(["knapsack", "gates", "uniform"]).default("knapsack"),
    sensitivity: z.enum(["error", "fisher"]).default("error"),
    penaltyStrength: z.number().min(0).default(0.1),
    phases: phasesSchema.optional(),
    gateLearningRate: z.number().positive().default(0.05),
    rangeLearningRate: z.number().positive().default(0.01),
    drawShare: share.default(1 / 16),
    gradientShare: share.default(1 / 32),
  } satisfies OptionSchemas<BloraOptions>)
  .superRefine((options, context) => {
    for (const problem of conflicts(options)) context.addIssue({ code: "custom", message: problem });
  })
  .transform(({ phases, alpha, ...options }) => ({
    ...options,
    alpha: alpha ?? 2 * options.rank,
    phases: phases ?? defaultPhases(options),
  }));

type Checked = Omit<BloraOptions, "alpha"> &
  Pick<BloraSettings, "allocation" | "scope" | "granularity" | "sensitivity">;

function conflicts({ phases, rankGate, siteQuantizer, bopsTarget, quantizer, ...options }: Checked): string[] {
  const { allocation, scope, granularity, sensitivity } = options;
  const learns = [quantizer, siteQuantizer].some((each) => each?.gates !== undefined) || rankGate !== undefined;
  const problems: [boolean, string][] = [
    [scope !== "adapter" && siteQuantizer === undefined, `scope ${scope} needs a siteQuantizer`],
    [
      granularity === "component" && rankGate !== undefined,
      "rankGate belongs to granularity matrix: a width of 0 closes a component",
    ],
    [
      scope !== "adapter" && sensitivity === "fisher",
      "sensitivity fisher knows nothing of activations and W0: scope adapter alone",
    ],
    [allocation === "gates" && !learns, "allocation gates needs a quantizer with gates, or a rankGate"],
    [allocation !== "gates" && (phases?.gates ?? 0) > 0, `a gates phase needs allocation gates, not ${allocation}`],
    [
      bopsTarget !== undefined && phases?.settle === 0,
      "a budget needs a settle phase above 0: it is met when widths are fixed",
    ],
  ];
  return problems.filter(([found]) => found).map(([, message]) => message);
}

function defaultPhases({ allocation }: Pick<BloraSettings, "allocation">): PhaseShares {
  const third = 1 / 3;
  return allocation === "gates"
    ? { warmup: third, gates: third, settle: third }
    : { warmup: 2 * third, gates: 0, settle: third };
}

function hasMembers(names: readonly string[]): (value: unknown) => boolean {
  return (value) => typeof value === "object" && value !== null && names.every((name) => name in value);
}

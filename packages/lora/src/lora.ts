import { definePlugin, FLOAT_BITS, type JsonObject, type Method, type Plugin } from "@blora/spec";
import { ops } from "@blora/tensor";
import { z } from "zod";
import { foldUpdate } from "./fold.ts";
import { applyUpdate, constantParameter, kaimingUniform, ownScale, scaleOf } from "./low-rank.ts";
import {
  alphaSchema,
  dropoutSchema,
  type LowRankOptions,
  type OptionSchemas,
  rankSchema,
  type WithDefaults,
} from "./options.ts";
import { floatUsage } from "./usage.ts";

export interface LoraOptions extends LowRankOptions {
  /** Rank of every site. Default 8. */
  readonly rank?: number | undefined;
  /** Scale by alpha / √rank instead of alpha / rank. Default false. */
  readonly useRslora?: boolean | undefined;
}

const optionsSchema: z.ZodType<WithDefaults<LoraOptions>, LoraOptions | undefined> = z
  .strictObject({
    rank: rankSchema.default(8),
    alpha: alphaSchema.optional(),
    dropout: dropoutSchema.default(0),
    useRslora: z.boolean().default(false),
  } satisfies OptionSchemas<LoraOptions>)
  .transform((options) => ({ ...options, alpha: options.alpha ?? 2 * options.rank }))
  .prefault({});

/**
 * LoRA (Hu et al., arXiv 2106.09685): y = W0·x + alpha/rank · B·A·x, with
 * A [R, I] started as PEFT does and B [O, R] at zero.
 */
export const lora: Plugin<"method", "lora", LoraOptions | undefined, Method> = definePlugin({
  kind: "method",
  id: "lora",
  packageName: "@blora/lora",
  optionsSchema,
  create,
});

function create({ rank, alpha, dropout, useRslora }: WithDefaults<LoraOptions>): Method {
  const scale = scaleOf(alpha, rank, useRslora);
  return {
    init: (site, seed) => ({
      layout: { rank, scale },
      parameters: {
        A: kaimingUniform(site, "A", [rank, site.inFeatures], seed),
        B: constantParameter([site.outFeatures, rank], 0),
      },
    }),
    apply({ site, layout, parameters }, x, base, context) {
      const B = ops.mul(parameters.B!, ownScale(layout, scale));
      return applyUpdate(site, { A: parameters.A!, B }, x, base, context, dropout);
    },
    usage: (site, adapter) => floatUsage(site, ownRank(adapter.layout), ["A", "B"]),
    baselineUsage: (site) => floatUsage(site, rank, ["A", "B"]),
    summary: (_site, { layout }) => ({ rank: ownRank(layout), bits: { A: FLOAT_BITS, B: FLOAT_BITS } }),
    export: (_site, { layout, parameters }) =>
      foldUpdate({
        A: parameters.A!.values,
        B: parameters.B!.values,
        scales: new Float64Array(ownRank(layout)).fill(ownScale(layout, scale)),
        kept: Array.from({ length: ownRank(layout) }, (_, component) => component),
      }),
    artifacts: {
      import: (site, update) => ({
        layout: { rank: update.rank, scale: update.scale },
        parameters: {
          A: { shape: [update.rank, site.inFeatures], values: update.A, group: "weights" },
          B: { shape: [site.outFeatures, update.rank], values: update.B, group: "weights" },
        },
      }),
    },
  };
}

function ownRank({ rank }: JsonObject): number {
  return rank as number;
}

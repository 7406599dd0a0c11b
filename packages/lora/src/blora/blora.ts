import { type Adapter, definePlugin, type Method, type Plugin } from "@blora/spec";
import { constantParameter, kaimingUniform, scaleOf } from "../low-rank.ts";
import { codedUpdate, encodeAdapter, exportUpdate, gateProbabilities, roundedBase } from "./artifacts.ts";
import { applyBlora, prepareAdapters } from "./forward.ts";
import { observeActivations } from "./large-operands.ts";
import { activationsOf, storedLayout } from "./layout.ts";
import { bloraPenalty, shiftToBudget } from "./objective.ts";
import { type BloraOptions, type BloraSettings, bloraOptionsSchema } from "./options.ts";
import { advance, phaseAt } from "./phases.ts";
import { bloraBaseline, bloraSummary, bloraUsage, budgetWarnings } from "./usage.ts";

/**
 * B-LoRA (Meo et al., arXiv 2406.13046): low-rank updates s·B·A whose ranks and
 * bit widths are learned, for each singular component of a site or, as
 * in the paper, for each matrix. `objective.ts` states what is minimized.
 */
export const blora: Plugin<"method", "blora", BloraOptions, Method> = definePlugin({
  kind: "method",
  id: "blora",
  packageName: "@blora/lora",
  optionsSchema: bloraOptionsSchema,
  create,
});

function create(settings: BloraSettings): Method {
  const { rank, scope, alpha } = settings;
  return {
    scope,
    init: (site, seed) => ({
      layout: storedLayout({ phase: "warmup", rank, scale: scaleOf(alpha, rank), bits: {}, unsigned: [] }),
      parameters: {
        A: kaimingUniform(site, "A", [rank, site.inFeatures], seed),
        B: constantParameter([site.outFeatures, rank], 0),
      },
    }),
    prepare: (adapters, context) => prepareAdapters(settings, adapters, context),
    apply: (adapter, x, base, context) => applyBlora(settings, adapter, x, base, context),
    usage: (site, adapter) => bloraUsage(settings, site, adapter),
    baselineUsage: (site) => bloraBaseline(settings, site),
    summary: (_site, adapter) => bloraSummary(settings, adapter),
    export: (site, adapter) => exportUpdate(settings, site, adapter),
    training: {
      penalty: (adapters, cost) => bloraPenalty(settings, adapters, cost),
      beforeStep: (store, progress) => advance(settings, store, progress),
      afterStep: (store, progress) => {
        if (phaseAt(settings, progress) === "gates") shiftToBudget(settings, store);
      },
      phase: (progress) => phaseAt(settings, progress),
      optimizer: {
        gates: { learningRate: settings.gateLearningRate },
        ranges: { learningRate: settings.rangeLearningRate },
      },
      ...(activationsOf(settings).length > 0 && { observe: observeActivations }),
      gateProbabilities: (adapter) => gateProbabilities(settings, adapter),
      warnings: (sites, adapters, cost) => budgetWarnings(settings, sites, adapters, cost),
    },
    artifacts: {
      encode: (adapter) => encodeAdapter(settings, adapter),
      exportCodes: (_site, adapter) => codedUpdate(settings, adapter),
      ...(scope === "site" && {
        roundBase: (adapter: Adapter, weight: Float32Array) => roundedBase(settings, adapter, weight),
      }),
    },
  };
}

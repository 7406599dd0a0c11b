import { type Adapter, definePlugin, type Method, type Plugin, type TracedAdapter } from "@blora/spec";
import type { Tensor } from "@blora/tensor";
import { foldUpdate } from "../fold.ts";
import { constantParameter, kaimingUniform, scaleOf } from "../low-rank.ts";
import { applyBlora, observeActivations } from "./apply.ts";
import { adaptStrength } from "./budget.ts";
import { codedUpdate } from "./coded-update.ts";
import { drawGates } from "./draw-gates.ts";
import { gateProbabilities } from "./gate-probabilities.ts";
import { activationsOf, toJson } from "./layout.ts";
import { type BloraOptions, type BloraSettings, bloraOptionsSchema, bloraSettings } from "./options.ts";
import { bloraPenalty } from "./penalty.ts";
import { phaseAt } from "./phase-schedule.ts";
import { advance } from "./phases.ts";
import { activeComponents, encodedMatrices, roundedBase, roundedValues } from "./quantization.ts";
import { budgetWarnings } from "./reach.ts";
import { bloraBaseline, bloraSummary, bloraUsage } from "./usage.ts";
import { widenRanges } from "./widen-ranges.ts";

export interface BloraMethod extends Method {
  /**
   * How far the furthest gate has to fall before it counts as closed, φ0 - φ*,
   * or 0 without gates. A gate moves about one learning rate per step under
   * Adam, so a phase of n steps needs a rate well above gateTravel() / n.
   */
  gateTravel(): number;
}

/**
 * B-LoRA (Meo et al., arXiv 2406.13046): low-rank updates s·B·diag(g ⊙ e)·A
 * whose rank and bit widths are learned per matrix through gates.
 */
export const blora: Plugin<"method", "blora", BloraOptions, BloraMethod> = definePlugin<
  "method",
  "blora",
  BloraOptions,
  BloraMethod
>({ kind: "method", id: "blora", packageName: "@blora/lora", optionsSchema: bloraOptionsSchema, create });

function create(options: BloraOptions): BloraMethod {
  const settings = bloraSettings(options);
  const { rank, scope } = settings;
  const scale = scaleOf(settings.alpha, rank);
  return {
    scope,
    init: (site, seed) => ({
      layout: toJson({ phase: "warmup", rank, signed: {}, bits: {} }),
      parameters: {
        A: kaimingUniform(site, "A", [rank, site.inFeatures], seed),
        E: constantParameter([rank], 1),
        B: constantParameter([site.outFeatures, rank], 0),
      },
    }),
    prepare: (adapters, context) => drawGates(settings, adapters, context),
    apply: (adapter, x, base, context) => applyBlora(settings, adapter, x, base, context),
    ...(activationsOf(settings).length > 0 && {
      observe: (adapter: TracedAdapter, x: Tensor) => observeActivations(adapter, x),
    }),
    penalty: (adapters, cost) => bloraPenalty(settings, adapters, cost),
    beforeStep: (store, progress) => advance(settings, store, progress),
    afterStep: (store, progress) => {
      adaptStrength(settings, store, progress);
      widenRanges(settings, store);
    },
    warnings: (sites, adapters, cost) => budgetWarnings(settings, sites, adapters, cost),
    phase: (progress) => phaseAt(settings, progress),
    usage: (site, adapter) => bloraUsage(settings, site, adapter),
    baselineUsage: (site) => bloraBaseline(settings, site),
    summary: (_site, adapter) => bloraSummary(settings, adapter),
    gateProbabilities: (adapter) => gateProbabilities(settings, adapter),
    export: (_site, adapter) =>
      foldUpdate({
        A: roundedValues(settings, adapter, "A"),
        B: roundedValues(settings, adapter, "B"),
        scales: Float64Array.from(roundedValues(settings, adapter, "E"), (e) => e * scale),
        kept: activeComponents(settings, adapter),
      }),
    exportCodes: (_site, adapter) => codedUpdate(settings, adapter, scale),
    encode: (adapter) => encodedMatrices(settings, adapter),
    ...(scope === "site" && {
      roundBase: (adapter: Adapter, weight: Float32Array) => roundedBase(settings, adapter, weight),
    }),
    gateTravel: () => gateTravel(settings),
  };
}

function gateTravel({ rankGate, quantizer, rank, learnRank, learnBits, initialGateLogit }: BloraSettings): number {
  const logits = learnRank && rank > 1 ? [initialGateLogit] : [];
  if (learnBits) {
    for (const { group, values } of Object.values(quantizer.init({ values: Float32Array.of(1), signed: true }))) {
      if (group === "gates") logits.push(...values);
    }
  }
  return logits.reduce((furthest, logit) => Math.max(furthest, logit - rankGate.threshold), 0);
}

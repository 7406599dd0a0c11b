import {
  type Adapter,
  definePlugin,
  FLOAT_BITS,
  type Method,
  type MethodTraining,
  type ParameterRecord,
  type Plugin,
} from "@blora/spec";
import { ops } from "@blora/tensor";
import { foldUpdate } from "../fold.ts";
import { applyUpdate, constantParameter, normalParameter, ownScale } from "../low-rank.ts";
import { floatUsage } from "../usage.ts";
import { budgetAt, budgetSchedule } from "./budget.ts";
import { initialImportance, updateImportance } from "./importance.ts";
import { maskToBudget } from "./mask.ts";
import { type AdaloraOptions, type AdaloraSettings, adaloraOptionsSchema } from "./options.ts";
import { orthogonalityPenalty } from "./orthogonality.ts";

const INITIAL_DEVIATION = 0.02;
/** AdaLoRA's code divides by r_init + 1e-5; published adapters carry that scale. */
const RANK_OFFSET = 1e-5;

/**
 * AdaLoRA (Zhang et al., arXiv 2303.10512): ΔW = s·B·diag(E)·A whose
 * components with the least importance over all sites are masked until the
 * budget is met, in the form of the authors' code.
 */
export const adalora: Plugin<"method", "adalora", AdaloraOptions | undefined, Method> = definePlugin({
  kind: "method",
  id: "adalora",
  packageName: "@blora/lora",
  optionsSchema: adaloraOptionsSchema,
  create,
});

function create(options: AdaloraSettings): Method {
  const { initialRank: rank } = options;
  const scale = options.alpha / (rank + RANK_OFFSET);
  return {
    init(site, seed) {
      const matrices: ParameterRecord = {
        A: normalParameter(site, "A", [rank, site.inFeatures], INITIAL_DEVIATION, seed),
        E: constantParameter([rank], 0),
        B: normalParameter(site, "B", [site.outFeatures, rank], INITIAL_DEVIATION, seed),
      };
      return { layout: { rank, scale }, parameters: { ...matrices, ...initialImportance(matrices) } };
    },
    apply({ site, layout, parameters }, x, base, context) {
      const B = ops.mul(parameters.B!, ops.mul(parameters.E!, ownScale(layout, scale))); // [O, R]
      return applyUpdate(site, { A: parameters.A!, B }, x, base, context, options.dropout);
    },
    usage: (site, adapter) => floatUsage(site, rank, ["A", "E", "B"], activeComponents(adapter).length / rank),
    baselineUsage: (site) => floatUsage(site, rank, ["A", "B"]),
    summary: (_site, adapter) => ({
      rank: activeComponents(adapter).length,
      bits: { A: FLOAT_BITS, E: FLOAT_BITS, B: FLOAT_BITS },
    }),
    export: (_site, adapter) =>
      foldUpdate({
        A: adapter.parameters.A!.values,
        B: adapter.parameters.B!.values,
        scales: Float64Array.from(adapter.parameters.E!.values, (e) => e * ownScale(adapter.layout, scale)),
        kept: activeComponents(adapter),
      }),
    training: trainingOf(options),
  };
}

function trainingOf(options: AdaloraSettings): MethodTraining {
  const { orthogonality } = options;
  return {
    penalty: (adapters) =>
      orthogonality === 0 || adapters.length === 0 ? undefined : ops.mul(orthogonalityPenalty(adapters), orthogonality),
    beforeStep({ sites }, { totalSteps }) {
      // Refuses a run that is too short for the schedule.
      budgetSchedule(options, sites.length, totalSteps);
    },
    afterStep(store, { step, totalSteps }, gradients) {
      const schedule = budgetSchedule(options, store.sites.length, totalSteps);
      const adapters = store.sites.map(({ path }) => store.get(path));
      if (step < totalSteps - schedule.finalSteps) {
        for (const [index, { path }] of store.sites.entries()) {
          updateImportance(adapters[index]!, (matrix) => gradients.get(`${path}/${matrix}`)!, options);
        }
      }
      const { masks, components } = budgetAt(schedule, step);
      if (masks) maskToBudget(adapters, components);
    },
    warnings(sites, adapters, _cost, { step }) {
      if (step === 0) return [];
      const left = sites.reduce((sum, { path }) => sum + activeComponents(adapters.get(path)!).length, 0);
      const budget = Math.floor(options.targetRank * sites.length);
      if (left <= budget) return [];
      return [
        `adalora: ${left} components are left where targetRank ${options.targetRank} is ${budget}: the budget had not fallen to it, or components grew back after the last masking. Give tFinal two steps or more, or shorten deltaT.`,
      ];
    },
    phase({ step, totalSteps }) {
      const { initialSteps, finalSteps } = budgetSchedule(options, 1, totalSteps);
      if (step <= initialSteps) return "warmup";
      return step > totalSteps - finalSteps ? "final" : "budget";
    },
  };
}

/** Components that masking left on. */
function activeComponents({ parameters }: Adapter): number[] {
  return [...parameters.E!.values.entries()].filter(([, e]) => e !== 0).map(([component]) => component);
}

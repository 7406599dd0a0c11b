import type { BaseLinear, StepInputs, TracedAdapter } from "@blora/spec";
import { frozenLinear, linear, lowRankLinear, ops, type Tensor, type TensorRecord } from "@blora/tensor";
import { HEAD_PREFIX } from "../state/training-state.ts";
import type { Model } from "./model.ts";
import type { Layouts } from "./step-shape.ts";

export interface ForwardResult {
  readonly logits: Tensor;
  readonly adapters: readonly TracedAdapter[];
}

/** Called at each adapted site with its input. */
export type SiteVisitor = (adapter: TracedAdapter, x: Tensor, base: BaseLinear) => void;

/** The network with adapted sites, a trained head, and everything else frozen. */
export function forward(model: Model, layouts: Layouts, tensors: StepInputs, visit?: SiteVisitor): ForwardResult {
  const { architecture, config, method, task, headNames, frozen } = model;
  const { input, context } = tensors;
  const value = (name: string): Tensor => (tensors.trainable[name] ?? input[name])!;
  const lookup = (name: string): Tensor => (headNames.has(name) ? value(HEAD_PREFIX + name) : tensors.frozen(name));
  const lookupIfAny = (name: string): Tensor | undefined => {
    return headNames.has(name) || frozen.has(name) ? lookup(name) : undefined;
  };

  const adapters = new Map(
    model.sites.map((site) => {
      const { layout, parameters } = layouts.get(site.path)!;
      const traced: TensorRecord = Object.fromEntries(parameters.map((name) => [name, value(`${site.path}/${name}`)]));
      return [site.path, { site, layout, parameters: traced }];
    }),
  );

  const logits = architecture.forward({
    config,
    head: task.head,
    lookup,
    batch: { inputIds: input.inputIds!, attentionMask: input.attentionMask!, tokenTypeIds: input.tokenTypeIds! },
    linear(path, x) {
      const weight = lookup(`${path}.weight`);
      const bias = lookupIfAny(`${path}.bias`);
      if (headNames.has(`${path}.weight`)) return linear(x, weight, bias);
      const adapter = adapters.get(path);
      if (adapter === undefined) return frozenLinear(x, weight, bias);
      const base = baseLinear(weight, bias);
      visit?.(adapter, x, base);
      return method.apply(adapter, x, base, context);
    },
    context,
  });
  return { logits, adapters: [...adapters.values()] };
}

function baseLinear(weight: Tensor, bias: Tensor | undefined): BaseLinear {
  return {
    weight,
    apply(x, replaced) {
      if (replaced === undefined) return frozenLinear(x, weight, bias);
      const product = linear(x, replaced);
      return bias === undefined ? product : ops.add(product, bias);
    },
    applyLowRank: (x, A, B) => lowRankLinear(x, weight, bias, A, B),
  };
}

import { HEAD_PREFIX } from "@blora/adapters";
import {
  type Architecture,
  type Batch,
  type ForwardInputs,
  type FrozenTensor,
  type Head,
  InvalidInputError,
  type LanguageModel,
  type LinearSite,
  type Method,
  type StepInputs,
  type TracedAdapter,
} from "@blora/spec";
import { frozenLinear, linear, type Tensor, type TensorRecord } from "@blora/tensor";
import { baseLinear } from "./base-linear.ts";
import type { Layouts } from "./layouts.ts";

/** A network with adapters in place: what a forward pass needs, whatever the pass is for. */
export interface AdaptedNetwork {
  readonly architecture: Architecture;
  /** Parsed `config.json`. */
  readonly config: unknown;
  readonly head: Head;
  readonly method: Pick<Method, "prepare" | "apply">;
  /** Adapted linear maps, in forward order; none for the plain network. */
  readonly sites: readonly LinearSite[];
  /** Every tensor of the forward pass that no step changes, by the architecture's names. */
  readonly frozen: ReadonlyMap<string, FrozenTensor>;
  /** Tensors trained besides adapters: the head, and all others where the method trains the base. */
  readonly headNames: ReadonlySet<string>;
}

/** @throws InvalidInputError for an architecture that predicts no next token */
export function requireLanguageModel({ languageModel, modelTypes }: Architecture): LanguageModel {
  if (languageModel !== undefined) return languageModel;
  throw new InvalidInputError(
    `Expected a causal language model, found a network of type ${modelTypes.join(", ")}, which predicts no next token.`,
  );
}

/** What `Architecture.forward` takes, but for the batch and what comes before it. */
export type NetworkInputs = Omit<ForwardInputs<unknown>, "batch" | "past" | "onKeyValues">;

/** Told of each call of an adapted site: the adapter as `apply` gets it, and the input [M, I]. */
export type SiteVisitor = (adapter: TracedAdapter, x: Tensor) => void;

/** What tracing needs of a network: of frozen tensors which there are. */
export interface TraceableNetwork extends Omit<AdaptedNetwork, "frozen" | "architecture"> {
  readonly frozen: Pick<ReadonlyMap<string, unknown>, "has">;
}

/** The network inside a step: adapted sites, a trained head, and everything else frozen. */
export function traceNetwork(
  network: TraceableNetwork,
  layouts: Layouts,
  tensors: StepInputs,
  visit?: SiteVisitor,
): { readonly inputs: NetworkInputs; readonly adapters: readonly TracedAdapter[] } {
  const { config, head, method, headNames, frozen } = network;
  const { input, context } = tensors;
  const value = (name: string): Tensor => (tensors.trainable[name] ?? input[name])!;
  const lookup = (name: string): Tensor => (headNames.has(name) ? value(HEAD_PREFIX + name) : tensors.frozen(name));
  const lookupIfAny = (name: string): Tensor | undefined => {
    return headNames.has(name) || frozen.has(name) ? lookup(name) : undefined;
  };

  const adapters = network.sites.map((site): TracedAdapter => {
    const { layout, parameters } = layouts.get(site.path)!;
    const traced: TensorRecord = Object.fromEntries(parameters.map((name) => [name, value(`${site.path}/${name}`)]));
    return { site, layout, parameters: traced };
  });
  const prepared = method.prepare?.(adapters, context) ?? adapters;
  const adapterAt = new Map(prepared.map((adapter) => [adapter.site.path, adapter]));

  const inputs: NetworkInputs = {
    config,
    head,
    lookup,
    context,
    linear(path, x) {
      const weight = lookup(`${path}.weight`);
      const bias = lookupIfAny(`${path}.bias`);
      if (headNames.has(`${path}.weight`)) return linear(x, weight, bias);
      const adapter = adapterAt.get(path);
      if (adapter === undefined) return frozenLinear(x, weight, bias);
      visit?.(adapter, x);
      return method.apply(adapter, x, baseLinear(weight, bias), context);
    },
  };
  return { inputs, adapters };
}

/** The batch of a step from its inputs, by their names in `Batch`. */
export function batchOf(input: TensorRecord): Batch {
  const { inputIds, attentionMask, tokenTypeIds, positions, positionIds, segmentIds } = input;
  return {
    inputIds: inputIds!,
    attentionMask: attentionMask!,
    ...(tokenTypeIds && { tokenTypeIds }),
    ...(positions && { positions }),
    ...(positionIds && { positionIds }),
    ...(segmentIds && { segmentIds }),
  };
}

import {
  batchOf,
  type CacheShape,
  cacheOf,
  cacheSpecs,
  continuationInputs,
  keepKeyValues,
  type NetworkInputs,
  type NetworkStep,
} from "@blora/network";
import type { ForwardInputs, LanguageModel } from "@blora/spec";
import { frozenLinear, ops, type Tensor, type TensorRecord } from "@blora/tensor";

/** A language model with its parsed configuration. */
export interface Reader {
  readonly languageModel: LanguageModel;
  readonly config: unknown;
  readonly cache: CacheShape;
}

/** Sizes of a pass over a pack. */
export interface PackShape {
  /** P: tokens of the prefix with its padding; 0 without one. */
  readonly past: number;
  /** T: tokens of the pack with its padding. */
  readonly length: number;
  /** K: positions whose predictions are read. */
  readonly positions: number;
  /** C: tokens looked up at each of them. */
  readonly candidates: number;
}

/** Reads P tokens and outputs their keys and values by `cacheNames`, [1, G, P, D] each. */
export function prefixStep({ languageModel, config, cache }: Reader, P: number): NetworkStep {
  return {
    name: `read prefix ${P}`,
    inputs: continuationInputs(P),
    compute(network, input) {
      const outputs: Record<string, Tensor> = {};
      languageModel.hidden(forwardInputs(network, config, input, { onKeyValues: keepKeyValues(cache, outputs) }));
      return outputs;
    },
  };
}

/**
 * Reads several texts side by side in one row of T tokens, each after the same
 * prefix and blind to the others. Output `logProbabilities` [K, C]: of the
 * tokens at the flat indices `targets` into the [K, V] predictions.
 */
export function packStep(reader: Reader, { past: P, length: T, positions: K, candidates: C }: PackShape): NetworkStep {
  const { languageModel, config, cache } = reader;
  return {
    name: `read pack ${T} after ${P}`,
    inputs: {
      ...continuationInputs(T),
      segmentIds: { shape: [1, T], dtype: "int32" },
      states: { shape: [K], dtype: "int32" },
      targets: { shape: [K * C], dtype: "int32" },
      ...cacheSpecs(cache, P),
    },
    compute(network, input) {
      const past = P === 0 ? {} : { past: cacheOf(cache, input) };
      const hidden = languageModel.hidden(forwardInputs(network, config, input, past)); // [T, H]
      const { weight, bias } = languageModel.unembedding(config);
      const logits = frozenLinear(
        ops.gather(hidden, input.states!),
        network.lookup(weight),
        bias === undefined ? undefined : network.lookup(bias),
      ); // [K, V]
      const most = ops.max(logits, 1, true); // [K, 1]
      const total = ops.add(ops.log(ops.sum(ops.exp(ops.sub(logits, most)), 1, true)), most);
      const chosen = ops.reshape(ops.gather(ops.reshape(logits, [-1]), input.targets!), [K, C]);
      return { logProbabilities: ops.sub(chosen, total) };
    },
  };
}

function forwardInputs(
  network: NetworkInputs,
  config: unknown,
  input: TensorRecord,
  more: Pick<ForwardInputs<unknown>, "past" | "onKeyValues">,
): ForwardInputs<unknown> {
  return { ...network, config, batch: batchOf(input), ...more };
}

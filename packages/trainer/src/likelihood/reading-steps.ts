import type { ForwardInputs, KeyValueCache, LanguageModel } from "@blora/spec";
import { frozenLinear, ops, type Tensor, type TensorRecord, type TensorSpec } from "@blora/tensor";
import { batchOf, type NetworkInputs } from "../steps/network.ts";
import type { NetworkStep } from "../steps/network-step.ts";

/** A language model with its parsed configuration. */
export interface Reader {
  readonly languageModel: LanguageModel;
  readonly config: unknown;
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

/** Reads P tokens and outputs their keys and values, [1, G, P, D] each. */
export function prefixStep({ languageModel, config }: Reader, P: number): NetworkStep {
  return {
    name: `read prefix ${P}`,
    inputs: tokenInputs(P),
    compute(network, input) {
      const outputs: Record<string, Tensor> = {};
      languageModel.hidden(
        forwardInputs(network, config, input, {
          onKeyValues(layer, keys, values) {
            outputs[keysName(layer)] = keys;
            outputs[valuesName(layer)] = values;
          },
        }),
      );
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
  const { languageModel, config } = reader;
  return {
    name: `read pack ${T} after ${P}`,
    inputs: {
      ...tokenInputs(T),
      segmentIds: { shape: [1, T], dtype: "int32" },
      states: { shape: [K], dtype: "int32" },
      targets: { shape: [K * C], dtype: "int32" },
      ...(P === 0 ? {} : cacheInputs(reader, P)),
    },
    compute(network, input) {
      const past = P === 0 ? {} : { past: cacheOf(reader, input) };
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

export function keysName(layer: number): string {
  return `keys ${layer}`;
}

export function valuesName(layer: number): string {
  return `values ${layer}`;
}

function tokenInputs(T: number): Record<string, TensorSpec> {
  return {
    inputIds: { shape: [1, T], dtype: "int32" },
    attentionMask: { shape: [1, T], dtype: "float32" },
    positionIds: { shape: [1, T], dtype: "int32" },
  };
}

function cacheInputs({ languageModel, config }: Reader, P: number): Record<string, TensorSpec> {
  const { layers, heads: G, headSize: D } = languageModel.cache(config);
  const inputs: Record<string, TensorSpec> = { pastMask: { shape: [1, P], dtype: "float32" } };
  for (let layer = 0; layer < layers; layer++) {
    for (const name of [keysName(layer), valuesName(layer)]) inputs[name] = { shape: [1, G, P, D], dtype: "float32" };
  }
  return inputs;
}

function cacheOf({ languageModel, config }: Reader, input: TensorRecord): KeyValueCache {
  const { layers } = languageModel.cache(config);
  return {
    mask: input.pastMask!,
    layers: Array.from({ length: layers }, (_, layer) => ({
      keys: input[keysName(layer)]!,
      values: input[valuesName(layer)]!,
    })),
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

import type { CacheShape, NetworkStep } from "@blora/network";
import type { LanguageModel } from "@blora/spec";
import { frozenLinear, ops, type Tensor } from "@blora/tensor";
import { type InputPort, inputPort, type Port, type Ports } from "./ports.ts";

const TOKENS = ["batch", "sequence"] as const;
const ALL_TOKENS = "past + sequence";

/** Inputs and outputs as Hugging Face's decoders with a cache name them. */
export function decoderPorts({ layers, heads: G, headSize: D }: CacheShape, vocabulary: number): Ports {
  const everyLayer = Array.from({ length: layers }, (_, layer) => layer);
  const past = everyLayer.flatMap((layer): InputPort[] => [
    inputPort(`pastKeys${layer}`, `past_key_values.${layer}.key`, ["batch", G, "past", D], "float32", "float32"),
    inputPort(`pastValues${layer}`, `past_key_values.${layer}.value`, ["batch", G, "past", D], "float32", "float32"),
  ]);
  const present = everyLayer.flatMap((layer): Port[] =>
    (["key", "value"] as const).map((kind) => ({
      traced: `${kind}${layer}`,
      name: `present.${layer}.${kind}`,
      shape: ["batch", G, ALL_TOKENS, D],
      type: "float32",
    })),
  );
  return {
    inputs: [
      inputPort("inputIds", "input_ids", TOKENS, "int64", "int32"),
      inputPort("attentionMask", "attention_mask", ["batch", ALL_TOKENS], "int64", "float32"),
      inputPort("positionIds", "position_ids", TOKENS, "int64", "int32"),
      ...past,
    ],
    outputs: [{ traced: "logits", name: "logits", shape: [...TOKENS, vocabulary], type: "float32" }, ...present],
  };
}

/** Logits of every token, and the keys and values of all tokens so far. */
export function decodeWith(model: LanguageModel, config: unknown): NetworkStep["compute"] {
  const { layers } = model.cache(config);
  const unembedding = model.unembedding(config);
  return (network, input) => {
    const { inputIds, positionIds, attentionMask: allTokens } = input;
    const [B, T] = inputIds!.shape as [number, number];
    const P = allTokens!.shape[1]! - T;
    const pastLayers = Array.from({ length: layers }, (_, layer) => ({
      keys: input[`pastKeys${layer}`]!,
      values: input[`pastValues${layer}`]!,
    }));
    const present: Record<string, Tensor> = {};
    const { lookup } = network;
    const states = model.hidden({
      ...network,
      batch: {
        inputIds: inputIds!,
        attentionMask: ops.slice(allTokens!, [0, P], [B, T]),
        positionIds: positionIds!,
      },
      past: { mask: ops.slice(allTokens!, [0, 0], [B, P]), layers: pastLayers },
      onKeyValues(layer, keys, values) {
        present[`key${layer}`] = ops.concat([pastLayers[layer]!.keys, keys], 2);
        present[`value${layer}`] = ops.concat([pastLayers[layer]!.values, values], 2);
      },
    });
    const bias = unembedding.bias === undefined ? undefined : lookup(unembedding.bias);
    const logits = frozenLinear(states, lookup(unembedding.weight), bias); // [M, V]
    return { logits: ops.reshape(logits, [B, T, logits.shape[1]!]), ...present };
  };
}

import type { Network } from "@blora/inference";
import type { LanguageModel, StepDefinition } from "@blora/spec";
import { frozenLinear, ops, type Tensor } from "@blora/tensor";
import type { Weight } from "../weights.ts";
import type { ForwardParts } from "./forward-parts.ts";
import { type InputPort, inputPort, type Port, type Ports } from "./ports.ts";

const TOKENS = ["batch", "sequence"] as const;
const ALL_TOKENS = "past + sequence";

interface Cache {
  readonly layers: number;
  /** G */
  readonly heads: number;
  /** D */
  readonly headSize: number;
}

/** Rows of the matrix that maps states to logits. */
export function vocabularyOf(model: LanguageModel, { config }: Network, weights: ReadonlyMap<string, Weight>): number {
  return weights.get(model.unembedding(config).weight)!.shape[0]!;
}

/** Inputs and outputs as Hugging Face's decoders with a cache name them. */
export function decoderPorts({ layers, heads: G, headSize: D }: Cache, vocabulary: number): Ports {
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
export function decodeWith({ config }: Network, model: LanguageModel, parts: ForwardParts): StepDefinition["compute"] {
  const { layers } = model.cache(config);
  const unembedding = model.unembedding(config);
  return (tensors) => {
    const { inputIds, positionIds, attentionMask: allTokens } = tensors.input;
    const [B, T] = inputIds!.shape as [number, number];
    const P = allTokens!.shape[1]! - T;
    const pastLayers = Array.from({ length: layers }, (_, layer) => ({
      keys: tensors.input[`pastKeys${layer}`]!,
      values: tensors.input[`pastValues${layer}`]!,
    }));
    const present: Record<string, Tensor> = {};
    const { lookup, linear } = parts(tensors);
    const states = model.hidden({
      config,
      head: { kind: "language-model" },
      lookup,
      linear,
      context: tensors.context,
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
    return { outputs: { logits: ops.reshape(logits, [B, T, logits.shape[1]!]), ...present } };
  };
}

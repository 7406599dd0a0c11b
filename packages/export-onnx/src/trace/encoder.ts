import { batchOf, type NetworkStep } from "@blora/network";
import type { Architecture } from "@blora/spec";
import { inputPort, type Ports } from "./ports.ts";

const TOKENS = ["batch", "sequence"] as const;

/**
 * Inputs as Hugging Face's encoders name them.
 *
 * @param answered what has logits of its own: each text, or each token of it
 */
export function encoderPorts(classes: number, answered: readonly string[] = ["batch"]): Ports {
  return {
    inputs: [
      inputPort("inputIds", "input_ids", TOKENS, "int64", "int32"),
      inputPort("attentionMask", "attention_mask", TOKENS, "int64", "float32"),
      inputPort("tokenTypeIds", "token_type_ids", TOKENS, "int64", "int32"),
    ],
    outputs: [{ traced: "logits", name: "logits", shape: [...answered, classes], type: "float32" }],
  };
}

/** The forward pass of a classifier, of texts or of tokens, or a regressor. */
export function encodeWith({ forward }: Architecture): NetworkStep["compute"] {
  return (network, input) => ({ logits: forward({ ...network, batch: batchOf(input) }) });
}

import type { Network } from "@blora/inference";
import type { Head, StepDefinition, StepInputs } from "@blora/spec";
import type { ForwardParts } from "./forward-parts.ts";
import { inputPort, type Ports } from "./ports.ts";

const TOKENS = ["batch", "sequence"] as const;

/** Inputs as Hugging Face's encoders name them. */
export function encoderPorts(classes: number): Ports {
  return {
    inputs: [
      inputPort("inputIds", "input_ids", TOKENS, "int64", "int32"),
      inputPort("attentionMask", "attention_mask", TOKENS, "int64", "float32"),
      inputPort("tokenTypeIds", "token_type_ids", TOKENS, "int64", "int32"),
    ],
    outputs: [{ traced: "logits", name: "logits", shape: ["batch", classes], type: "float32" }],
  };
}

/** The forward pass of a classifier or regressor. */
export function encodeWith(
  { architecture, config }: Network,
  head: Head,
  parts: ForwardParts,
): StepDefinition["compute"] {
  return (tensors: StepInputs) => {
    const { inputIds, attentionMask, tokenTypeIds } = tensors.input;
    const batch = { inputIds: inputIds!, attentionMask: attentionMask!, tokenTypeIds: tokenTypeIds! };
    return {
      outputs: {
        logits: architecture.forward({ config, head, batch, context: tensors.context, ...parts(tensors) }),
      },
    };
  };
}

import { expect, test } from "vitest";
import { headOf } from "../src/index.ts";

test("an adapter of PEFT without a task type predicts what its model does", () => {
  const qwen = { architectures: ["Qwen2ForCausalLM"] };
  const labels = { id2label: { 0: "no", 1: "yes" } };
  expect(headOf(undefined, qwen)).toEqual({ kind: "language-model" });
  expect(headOf("CAUSAL_LM", {})).toEqual({ kind: "language-model" });
  expect(headOf("SEQ_CLS", { ...qwen, ...labels })).toEqual({ kind: "classification", labels: ["no", "yes"] });
  expect(headOf(undefined, { architectures: ["BertForSequenceClassification"], ...labels })).toEqual({
    kind: "classification",
    labels: ["no", "yes"],
  });
  expect(headOf("SEQ_CLS", { problem_type: "regression" })).toEqual({ kind: "regression" });
  expect(headOf(undefined, { architectures: ["BertForMaskedLM"] })).toBeUndefined();
  const several = { problem_type: "multi_label_classification", ...labels };
  expect(headOf("SEQ_CLS", several)).toEqual({ kind: "classification", labels: ["no", "yes"], several: true });
  expect(headOf("TOKEN_CLS", labels)).toEqual({ kind: "token-classification", labels: ["no", "yes"] });
});

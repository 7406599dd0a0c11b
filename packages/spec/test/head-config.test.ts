import { expect, test } from "vitest";
import { configWithHead, type Head } from "../src/index.ts";

const labels = ["no", "yes"];
const ofLabels = {
  id2label: { 0: "no", 1: "yes" },
  label2id: { no: 0, yes: 1 },
  problem_type: "single_label_classification",
};
const ofNumber = { id2label: { 0: "LABEL_0" }, label2id: { LABEL_0: 0 }, problem_type: "regression" };

test.each([
  ["BertModel", { kind: "classification", labels }, "BertForSequenceClassification", ofLabels],
  ["DebertaV2ForMaskedLM", { kind: "regression" }, "DebertaV2ForSequenceClassification", ofNumber],
  ["Qwen2Model", { kind: "language-model" }, "Qwen2ForCausalLM", {}],
  ["DebertaV2Model", { kind: "masked-language-model" }, "DebertaV2ForMaskedLM", {}],
] as const)("the configuration of a %s with the head %j names the class %s", (name, head: Head, named, keys) => {
  expect(configWithHead({ architectures: [name], hidden_size: 8 }, head)).toEqual({
    architectures: [named],
    hidden_size: 8,
    ...keys,
  });
});

test("a configuration that names no class gets none", () => {
  expect(configWithHead({ hidden_size: 8 }, { kind: "language-model" })).toEqual({ hidden_size: 8 });
});

test("a count of the labels of an earlier head does not stay", () => {
  expect(configWithHead({ num_labels: 3 }, { kind: "classification", labels })).toEqual(ofLabels);
});

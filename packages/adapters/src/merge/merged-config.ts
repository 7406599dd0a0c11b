import type { Head, JsonObject } from "@blora/spec";

const CLASS_ENDINGS: Readonly<Record<Head["kind"], string>> = {
  classification: "ForSequenceClassification",
  regression: "ForSequenceClassification",
  "masked-language-model": "ForMaskedLM",
  "language-model": "ForCausalLM",
};

/** `config.json` of a model with a trained head: what the labels are, and the class that has such a head. */
export function mergedConfig(config: JsonObject, head: Head): JsonObject {
  const architectures = Array.isArray(config.architectures)
    ? (config.architectures as string[]).map(
        (name) => name.replace(/(?:For[A-Z]\w*|Model)$/, "") + CLASS_ENDINGS[head.kind],
      )
    : undefined;
  return { ...config, ...(architectures && { architectures }), ...labelsOf(head) };
}

function labelsOf(head: Head): JsonObject {
  if (head.kind === "regression") {
    return { id2label: { 0: "LABEL_0" }, label2id: { LABEL_0: 0 }, problem_type: "regression" };
  }
  if (head.kind !== "classification") return {};
  return {
    id2label: Object.fromEntries(head.labels.map((label, index) => [String(index), label])),
    label2id: Object.fromEntries(head.labels.map((label, index) => [label, index])),
    problem_type: "single_label_classification",
  };
}

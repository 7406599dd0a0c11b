import type { Head } from "./architecture.ts";
import type { JsonObject } from "./json.ts";

/** How Hugging Face's names of classes with a head end: `BertForSequenceClassification`, `AutoModelForCausalLM`. */
export const CLASS_ENDINGS: Readonly<Record<Head["kind"], string>> = {
  classification: "ForSequenceClassification",
  regression: "ForSequenceClassification",
  "masked-language-model": "ForMaskedLM",
  "language-model": "ForCausalLM",
};

/** `config.json` of a model with a trained head: what the labels are, and the class that has such a head. */
export function configWithHead(config: JsonObject, head: Head): JsonObject {
  const { architectures: named } = config;
  const withHead = (name: unknown) => String(name).replace(/(?:For[A-Z]\w*|Model)$/, "") + CLASS_ENDINGS[head.kind];
  const architectures = Array.isArray(named) ? named.map(withHead) : undefined;
  return { ...config, ...(architectures && { architectures }), ...labelsOf(head) };
}

/** A regression has the one label that Hugging Face gives where none is named. */
function labelsOf(head: Head): JsonObject {
  if (head.kind !== "classification" && head.kind !== "regression") return {};
  const labels = head.kind === "classification" ? head.labels : ["LABEL_0"];
  return {
    id2label: Object.fromEntries(labels.map((label, index) => [String(index), label])),
    label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
    problem_type: head.kind === "regression" ? "regression" : "single_label_classification",
  };
}

import type { Head } from "./architecture.ts";
import type { JsonObject } from "./json.ts";

/** How Hugging Face's names of classes with a head end: `BertForSequenceClassification`, `AutoModelForCausalLM`. */
export const CLASS_ENDINGS: Readonly<Record<Head["kind"], string>> = {
  classification: "ForSequenceClassification",
  regression: "ForSequenceClassification",
  "token-classification": "ForTokenClassification",
  "masked-language-model": "ForMaskedLM",
  "language-model": "ForCausalLM",
};

/** `config.json` of a model with a trained head: what the labels are, and the class that has such a head. */
export function configWithHead(config: JsonObject, head: Head): JsonObject {
  // Files of early versions count the labels of an earlier head, and transformers believes the count before the names.
  const { num_labels: _, ...rest } = config;
  const { architectures: named } = rest;
  const withHead = (name: unknown) => String(name).replace(/(?:For[A-Z]\w*|Model)$/, "") + CLASS_ENDINGS[head.kind];
  const architectures = Array.isArray(named) ? named.map(withHead) : undefined;
  return { ...rest, ...(architectures && { architectures }), ...labelsOf(head) };
}

/** A regression has the one label that Hugging Face gives where none is named. */
function labelsOf(head: Head): JsonObject {
  if (head.kind === "language-model" || head.kind === "masked-language-model") return {};
  const labels = head.kind === "regression" ? ["LABEL_0"] : head.labels;
  return {
    id2label: Object.fromEntries(labels.map((label, index) => [String(index), label])),
    label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
    ...(head.kind !== "token-classification" && { problem_type: problemType(head) }),
  };
}

function problemType(head: Extract<Head, { readonly kind: "classification" | "regression" }>): string {
  if (head.kind === "regression") return "regression";
  return head.several === true ? "multi_label_classification" : "single_label_classification";
}

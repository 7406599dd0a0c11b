import type { Head } from "@blora/spec";
import { labelsOf } from "../objective/label-objective.ts";
import type { EncodedSplit } from "./encoded-split.ts";

/** Labels that a note names. */
const SHOWN = 12;

/** Classes that no training row has, which happens where a sorted file is read from its start. */
export function unlearnedLabels(train: EncodedSplit, head: Head, maxTrainSamples: number | undefined): string[] {
  const names = classesOf(head);
  const there = labelsIn(train, head);
  const missing = names.filter((_, label) => !there.has(label));
  if (missing.length === 0) return [];
  const more = missing.length > SHOWN ? `, … (${missing.length} in all)` : "";
  const [which, it] = missing.length === 1 ? ["label", "it"] : ["labels", "they"];
  return [
    `No row of ${train.name} has the ${which} ${missing.slice(0, SHOWN).join(", ")}${more}: ${it} cannot be learned.${fromStart("maxTrainSamples", maxTrainSamples)}`,
  ];
}

/** An evaluation whose rows all have one label, which every model that gives it answers best. */
export function onlyLabel(split: EncodedSplit, head: Head, maxEvalSamples: number | undefined): string[] {
  if (head.kind !== "classification" || head.several === true || split.rows.length < 2) return [];
  const [label, ...others] = labelsIn(split, head);
  if (label === undefined || others.length > 0) return [];
  return [
    `Every row of ${split.name} has the label ${head.labels[label]}: a score on it does not tell labels apart.${fromStart("maxEvalSamples", maxEvalSamples)}`,
  ];
}

function classesOf(head: Head): readonly string[] {
  return head.kind === "classification" || head.kind === "token-classification" ? head.labels : [];
}

/** Indices of the classes that rows have. */
function labelsIn({ rows }: EncodedSplit, head: Head): ReadonlySet<number> {
  const isSeveral = head.kind === "classification" && head.several === true;
  const found = rows.flatMap((row) =>
    isSeveral ? labelsOf(row).flatMap((value, label) => (value > 0 ? [label] : [])) : labelsOf(row),
  );
  return new Set(found);
}

function fromStart(option: string, value: number | undefined): string {
  return value === undefined ? "" : ` ${option} takes rows from the start of the file: shuffle it.`;
}

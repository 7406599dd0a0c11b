import { isLabelled } from "../objective/label-objective.ts";
import type { EncodedSplit } from "./encoded-split.ts";

/** What was cut off the texts of a split, in words. */
export function cutNotes(split: EncodedSplit, maxSeqLength: number, use: "learn" | "score" | "answer"): string[] {
  const { name, rows, truncatedShare } = split;
  if (truncatedShare === 0) return [];
  const texts = use === "learn" ? "the training texts" : `the texts of ${name}`;
  const cut = `${percent(truncatedShare)} of ${texts} are longer than ${maxSeqLength} tokens (maxSeqLength) and were cut.`;
  const lost = rows.filter(({ targets }) => targets?.length === 0).length;
  if (lost === 0) return [cut];
  const what = use === "learn" ? "training texts" : `texts of ${name}`;
  return [
    cut,
    `${lost} of ${rows.length} ${what} ${lost === 1 ? "has" : "have"} no token left to ${use}, so that they were left out.`,
  ];
}

/** What a score of a split does not show: what its task says of the files, what was cut, and rows without a label beside others. */
export function scoreNotes(split: EncodedSplit, maxSeqLength: number): string[] {
  const { name, rows, firstUnlabelled } = split;
  const open = rows.filter((row) => !isLabelled(row)).length;
  const isPartly = firstUnlabelled !== undefined && open > 0 && open < rows.length;
  const unlabelled = `${open} of ${rows.length} rows of ${name} ${open === 1 ? "has" : "have"} no label, so that none is scored. The first is ${firstUnlabelled}: give it one, or leave it out.`;
  return [...split.notes, ...cutNotes(split, maxSeqLength, "score"), ...(isPartly ? [unlabelled] : [])];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

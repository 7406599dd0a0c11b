import type { Example } from "@blora/spec";
import { permutation } from "@blora/tensor";
import { iterativeSplit } from "./iterative-split.ts";

/** Rows kept for evaluation, and the others, each in the order of the data. */
export interface HeldOut {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
}

/** How the share of each class is kept: of one class a row, of any number, or not, as for numbers. */
export type Stratification = "class" | "classes" | "none";

/** What makes two rows the same text. */
export const textKey = ({ first, second = "" }: Example): string => JSON.stringify([first.trim(), second.trim()]);

/**
 * Holds out a share of the rows, the same for the same seed: as `stratified` says, and equal texts together, so that
 * none is learned and evaluated.
 *
 * @param share 0 to 1; of one class a row, at least one text of every class that has two is held out, and one is left
 */
export function holdOut(
  examples: readonly Example[],
  share: number,
  seed: number,
  stratified: Stratification,
): HeldOut {
  const texts = new Map<string, Example[]>();
  for (const example of examples) {
    const same = texts.get(textKey(example));
    if (same === undefined) texts.set(textKey(example), [example]);
    else same.push(example);
  }
  const groups = [...texts.values()];
  const held = new Set(
    (stratified === "classes"
      ? iterativeSplit(groups, share, seed)
      : byStratum(groups, share, seed, ([row]) => (stratified === "class" ? row!.label! : 0))
    ).flat(),
  );
  return {
    train: examples.filter((example) => !held.has(example)),
    validation: examples.filter((example) => held.has(example)),
  };
}

function byStratum(
  groups: readonly (readonly Example[])[],
  share: number,
  seed: number,
  stratumOf: (rows: readonly Example[]) => number,
): (readonly Example[])[] {
  const strata = new Map<number, (readonly Example[])[]>();
  for (const rows of groups) {
    const same = strata.get(stratumOf(rows));
    if (same === undefined) strata.set(stratumOf(rows), [rows]);
    else same.push(rows);
  }
  return [...strata].flatMap(([stratum, rows]) => chosen(rows, share, seed, `validation ${stratum}`));
}

function chosen(texts: readonly (readonly Example[])[], share: number, seed: number, path: string) {
  const count = Math.min(texts.length - 1, Math.max(1, Math.round(share * texts.length)));
  const order = permutation({ seed, step: 0, path }, texts.length);
  return Array.from({ length: count }, (_, index) => texts[order[index]!]!);
}

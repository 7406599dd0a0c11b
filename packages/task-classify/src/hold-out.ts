import type { Example } from "@blora/spec";
import { permutation } from "@blora/tensor";

/** Rows kept for evaluation, and the others, each in the order of the data. */
export interface HeldOut {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
}

/** What makes two rows the same text. */
export const textKey = ({ first, second = "" }: Example): string => JSON.stringify([first.trim(), second.trim()]);

/**
 * Holds out a share of the rows, the same for the same seed: of every class alike where `stratified`, and equal texts
 * together, so that none is learned and evaluated.
 *
 * @param share 0 to 1; at least one text of every class that has two is held out, and one is left
 */
export function holdOut(examples: readonly Example[], share: number, seed: number, stratified: boolean): HeldOut {
  const texts = new Map<string, Example[]>();
  for (const example of examples) {
    const same = texts.get(textKey(example));
    if (same === undefined) texts.set(textKey(example), [example]);
    else same.push(example);
  }
  const strata = new Map<number, Example[][]>();
  for (const rows of texts.values()) {
    const stratum = stratified ? rows[0]!.label! : 0;
    strata.set(stratum, [...(strata.get(stratum) ?? []), rows]);
  }
  const held = new Set([...strata].flatMap(([stratum, rows]) => chosen(rows, share, seed, `validation ${stratum}`)));
  return {
    train: examples.filter((example) => !held.has(example)),
    validation: examples.filter((example) => held.has(example)),
  };
}

function chosen(texts: readonly (readonly Example[])[], share: number, seed: number, path: string): readonly Example[] {
  const count = Math.min(texts.length - 1, Math.max(1, Math.round(share * texts.length)));
  const order = permutation({ seed, step: 0, path }, texts.length);
  return Array.from({ length: count }, (_, index) => texts[order[index]!]!).flat();
}

import type { Example } from "@blora/spec";
import { permutation } from "@blora/tensor";

/** Sentences kept for evaluation, and the others, each in the order of the data. */
export interface HeldOut {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
}

/** What makes two sentences the same. */
export const wordsKey = ({ words = [] }: Example): string => JSON.stringify(words);

/**
 * Holds out a share of the sentences, the same for the same seed, equal ones together, so that none is learned and
 * evaluated.
 *
 * @param share 0 to 1; at least one sentence is held out, and one is left
 */
export function holdOut(examples: readonly Example[], share: number, seed: number): HeldOut {
  const keys = [...new Set(examples.map(wordsKey))];
  const count = Math.min(keys.length - 1, Math.max(1, Math.round(share * keys.length)));
  const order = permutation({ seed, step: 0, path: "validation" }, keys.length);
  const held = new Set(Array.from({ length: count }, (_, index) => keys[order[index]!]!));
  return {
    train: examples.filter((example) => !held.has(wordsKey(example))),
    validation: examples.filter((example) => held.has(wordsKey(example))),
  };
}

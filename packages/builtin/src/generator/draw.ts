import { type NoiseAddress, uniformValues } from "@blora/tensor";

/** Decisions of one sentence, read one after the other from its own block of noise. */
export interface Draw {
  /** One of `items`, each as likely as the others. */
  pick<T>(items: readonly T[]): T;
  /** True with the given probability. */
  chance(probability: number): boolean;
}

/** More than any sentence asks for; a block that runs out continues under its next path. */
const BLOCK = 128;

/** The same address always gives the same decisions. */
export function createDraw(address: NoiseAddress): Draw {
  let values = uniformValues(address, BLOCK);
  let block = 0;
  let used = 0;
  const next = (): number => {
    if (used === BLOCK) {
      block++;
      values = uniformValues({ ...address, path: `${address.path}/${block}` }, BLOCK);
      used = 0;
    }
    return values[used++]!;
  };
  return {
    pick: (items) => items[Math.floor(next() * items.length)]!,
    chance: (probability) => next() < probability,
  };
}

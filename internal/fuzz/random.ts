/** A whole number from 0 to below `bound`. */
export type Random = (bound: number) => number;

/** Numbers that are the same for the same seeds (mulberry32). */
export function randomNumbers(...seeds: readonly number[]): Random {
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) ^ (mixed >>> 15), 0x243f6a88);
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** One of some values. */
export const oneOf = <Value>(random: Random, values: readonly Value[]): Value => values[random(values.length)]!;

import { type NoiseAddress, randomWords } from "./noise.ts";

/*
 * Masks of dropout by a hash of the place instead of a stream of numbers, so that a compiled graph can compute them: 32 entries
 * share the bits of a word, and an entry costs a quarter of a hash of 32-bit integers.
 */

/** Shares are rounded to 1 / 2^RESOLUTION. */
const RESOLUTION = 10;

export const WORD_BITS = 32;

/** Odd factors of `lowbias32` (Wellons, 2018), which mixes 32-bit words with next to no bias. */
export const FACTORS: readonly [number, number] = [0x7feb352d, 0x846ca68b];

/** How far a word is moved onto itself after each factor. */
export const SHIFTS: readonly [number, number] = [15, 16];

export interface DropoutPlan {
  /** Words of a plane: bit q of word w decides on entry q·words + w. */
  readonly words: number;
  /**
   * Binary digits of the share that is kept, the last first: digit by digit, kept := digit ? kept | random : kept & random,
   * from nothing kept. The first is 1.
   */
  readonly digits: readonly boolean[];
  /** What is kept is multiplied by 1 / (share kept), so that the mean stays. */
  readonly scale: number;
}

/**
 * How entries are dropped with a probability, which is rounded to 1/1024.
 *
 * @param size entries of the mask
 * @param probability from 0 to below 1
 */
export function dropoutPlan(size: number, probability: number): DropoutPlan {
  const steps = 2 ** RESOLUTION;
  const kept = Math.max(1, steps - Math.round(probability * steps));
  const digits = Array.from({ length: RESOLUTION }, (_, digit) => ((kept >> digit) & 1) === 1);
  return {
    words: Math.ceil(size / WORD_BITS),
    digits: kept === steps ? [] : digits.slice(digits.indexOf(true)),
    scale: steps / kept,
  };
}

/** What the words of all planes are made from, the same in every mask of a size: `lowbias32` of 0, 1, … */
export function dropoutCounters({ words, digits }: DropoutPlan): Uint32Array {
  return Uint32Array.from({ length: words * digits.length }, (_, index) => {
    const word = Math.imul(index ^ (index >>> 16), FACTORS[0]);
    const next = Math.imul(word ^ (word >>> 15), FACTORS[1]);
    return next ^ (next >>> 16);
  });
}

/** The two words that tell the masks of one address from those of all others. */
export function dropoutKey(address: NoiseAddress): Int32Array {
  return new Int32Array(randomWords(address, 2).slice().buffer);
}

/**
 * `size` entries, each 0 with `probability` (to 1/1024) and otherwise what keeps the mean.
 *
 * The word of a counter is that counter mixed with the key: ((c ⊕ k₀)·f₀ moved, ⊕ k₁)·f₁ moved.
 */
export function dropoutMaskValues(address: NoiseAddress, size: number, probability: number): Float32Array {
  const plan = dropoutPlan(size, probability);
  const { words, digits, scale } = plan;
  if (digits.length === 0) return new Float32Array(size).fill(1);
  const counters = dropoutCounters(plan);
  const [first, second] = dropoutKey(address) as unknown as [number, number];
  const values = new Float32Array(words * WORD_BITS);
  for (let word = 0; word < words; word++) {
    let kept = 0;
    for (let plane = 0; plane < digits.length; plane++) {
      let random = Math.imul(counters[plane * words + word]! ^ first, FACTORS[0]);
      random = Math.imul(random ^ (random >>> SHIFTS[0]) ^ second, FACTORS[1]);
      random ^= random >>> SHIFTS[1];
      kept = digits[plane] ? kept | random : kept & random;
    }
    for (let bit = 0; bit < WORD_BITS; bit++) values[bit * words + word] = ((kept >>> bit) & 1) * scale;
  }
  return values.subarray(0, size);
}

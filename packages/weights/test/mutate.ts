/** Damages a file in one way or several; the same seed always in the same. */
export function mutate(bytes: Uint8Array, seed: number): Buffer {
  const random = sequence(seed);
  let damaged = Buffer.from(bytes);
  for (let edits = 1 + (random() % 4); edits > 0; edits--) {
    const place = random() % Math.max(1, damaged.length);
    const span = random() % 16;
    switch (random() % 5) {
      case 0:
        damaged[place] = random() & 255;
        break;
      case 1:
        damaged = damaged.subarray(0, place);
        break;
      case 2:
        damaged = Buffer.concat([damaged.subarray(0, place), damaged.subarray(place + span)]);
        break;
      case 3:
        damaged = Buffer.concat([damaged.subarray(0, place + span), damaged.subarray(place)]);
        break;
      default:
        damaged.fill(random() % 2 === 0 ? 0 : 255, place, place + span);
    }
  }
  return damaged;
}

/** The seeds of so many damaged files. */
export const mutations = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Numerical Recipes' linear congruential generator; its high bits are used. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

/** Halvings after which a number is known to float32. */
const HALVINGS = 40;

/**
 * The largest number at which each of several conditions still holds, all of
 * which hold far below 0 and fail far above it; by bisection of all at once.
 *
 * @param holds whether each of `count` conditions holds at its number
 */
export function lastTrue(count: number, holds: (at: readonly number[]) => readonly boolean[]): number[] {
  const everywhere = (at: number, expected: boolean) =>
    holds(Array<number>(count).fill(at)).every((is) => is === expected);
  let reach = 1;
  while (!everywhere(-reach, true) || !everywhere(reach, false)) reach *= 2;
  const low = Array<number>(count).fill(-reach);
  const high = Array<number>(count).fill(reach);
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = low.map((value, index) => (value + high[index]!) / 2);
    for (const [index, is] of holds(middle).entries()) (is ? low : high)[index] = middle[index]!;
  }
  return low;
}

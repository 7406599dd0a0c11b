import { monomialsOf, type Sizes } from "./polynomial.ts";

/** Sizes to trace at: primes where they fit, so that a product of two does not look like a third. */
const PRIMES = [5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47];
const SMALLEST = 3;

/**
 * Sizes to trace at. First those that decide every polynomial of degree two:
 * a dimension is at its first, second or third value as often as it occurs in
 * one of the monomials. Then two more that only check.
 *
 * @param longest most tokens of a text: the sum of all dimensions but the first, the batch
 */
export function tracePoints(dimensions: readonly string[], longest: number): Sizes[] {
  const limit = Math.floor(longest / (dimensions.length - 1)) - 1;
  const primes = PRIMES.filter((prime) => prime <= limit);
  const values =
    primes.length > SMALLEST ? primes : Array.from({ length: limit - SMALLEST + 1 }, (_, index) => index + SMALLEST);
  const value = (index: number, place: number): number => values[(SMALLEST * index + place) % values.length]!;
  const point = (place: (name: string, index: number) => number): Sizes =>
    Object.fromEntries(dimensions.map((name, index) => [name, value(index, place(name, index))]));
  return [
    ...monomialsOf(dimensions).map((monomial) => point((name) => monomial.filter((factor) => factor === name).length)),
    point((_, index) => index + 1),
    point((_, index) => 2 + index),
  ];
}

/** The longest text there is, for tables that hold an entry for every position. */
export function longestPoint([batch, sequence, ...others]: readonly string[], longest: number): Sizes {
  const past = others.map((name) => [name, SMALLEST] as const);
  return Object.fromEntries([[batch!, SMALLEST - 1], [sequence!, longest], ...past]);
}

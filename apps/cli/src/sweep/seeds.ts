import { UsageError } from "../exit.ts";

/** Seeds of `--seeds`: a count for 1, 2, …, or a list such as `3,5,8`. */
export function parseSeeds(text: string): number[] {
  const numbers = text.split(",").map(Number);
  if (!numbers.every((number) => Number.isInteger(number) && number >= 0) || text.trim() === "") {
    throw new UsageError(`--seeds expects a count, such as 5, or a list, such as 3,5,8; found "${text}".`);
  }
  const [count] = numbers as [number];
  const seeds = text.includes(",") ? numbers : Array.from({ length: count }, (_, index) => index + 1);
  if (seeds.length > 0) return [...new Set(seeds)];
  throw new UsageError(`--seeds expects at least one seed, found "${text}".`);
}

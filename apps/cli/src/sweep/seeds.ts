import { seed } from "../commands/number-flags.ts";
import { UsageError } from "../exit.ts";

/** Larger numbers are a seed that somebody means, not a count. */
const MOST = 10_000;

/** Seeds of `--seeds`: a count for 1, 2, …, or a list such as `3,5,8`; a list of one ends with its comma. */
export function parseSeeds(text: string): number[] {
  const parts = text.replace(/,\s*$/, "").split(",");
  const numbers = parts.map((part) => numberOf(part, text));
  if (text.includes(",")) return [...new Set(numbers)];
  const [count] = numbers as [number];
  if (count === 0) throw new UsageError(`--seeds expects at least one seed, found "${text}".`);
  if (count <= MOST) return Array.from({ length: count }, (_, index) => index + 1);
  throw new UsageError(`--seeds expects a count up to ${MOST}, found "${text}". For that one seed write ${count},`);
}

function numberOf(part: string, text: string): number {
  try {
    return seed(part);
  } catch {
    throw new UsageError(
      `--seeds expects a count, such as 5, or a list, such as 3,5,8, of whole numbers below 2^32; found "${text}".`,
    );
  }
}

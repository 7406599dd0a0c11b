import { createTimeLimit } from "@blora/files";
import { InvalidInputError } from "@blora/spec";

/** A pattern from a file may take exponential time. */
const TIMEOUT_MILLISECONDS = 1000;
const LONGEST_PATTERN = 10_000;

/** Names a key of `rank_pattern` or `alpha_pattern` stands for: those that end with it, as PEFT matches them. */
export function namesEndingWith(key: string, names: readonly string[], origin: string): string[] {
  const found = namesMatching(`(.*\\.)?(${key})`, names, origin);
  return found.length > 0 ? found : names.filter((name) => name === key);
}

/** Names a Python regular expression matches from start to end. */
export function namesMatching(pattern: string, names: readonly string[], origin: string): string[] {
  if (pattern.length > LONGEST_PATTERN) {
    throw new InvalidInputError(
      `${origin}: expected patterns of at most ${LONGEST_PATTERN} characters, found ${pattern.length}.`,
    );
  }
  const { source, flags } = translate(pattern);
  let whole: RegExp;
  try {
    whole = new RegExp(`^(?:${source})$`, flags);
  } catch (cause) {
    throw new InvalidInputError(
      `${origin}: expected a regular expression, found ${JSON.stringify(pattern)}: ${(cause as Error).message}.`,
      { cause },
    );
  }
  const what = `${origin}: the regular expression ${JSON.stringify(pattern)}`;
  return createTimeLimit(TIMEOUT_MILLISECONDS, what)(() => names.filter((name) => whole.test(name)));
}

/** Python's spelling of named groups, end of text, repetitions without a least number and leading flags, in JavaScript's. */
function translate(pattern: string): { source: string; flags: string } {
  const leading = /^\(\?([ims]+)\)/.exec(pattern);
  const source = pattern
    .slice(leading?.[0].length ?? 0)
    .replaceAll("(?P<", "(?<")
    .replaceAll(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replaceAll(/(?<!\\)\{,(?=\d*\})/g, "{0,")
    .replaceAll("\\Z", "$")
    .replaceAll("\\A", "^");
  return { source, flags: leading?.[1] ?? "" };
}

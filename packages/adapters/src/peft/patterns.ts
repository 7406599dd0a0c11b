import { runInNewContext } from "node:vm";
import { InvalidInputError } from "@blora/spec";

/** A pattern from a file may take exponential time: it is given up after this long. */
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
  try {
    return runInNewContext(
      "const whole = new RegExp(source, flags); names.filter((name) => whole.test(name))",
      { source: `^(?:${source})$`, flags, names: [...names] },
      { timeout: TIMEOUT_MILLISECONDS },
    ) as string[];
  } catch (cause) {
    const isSlow = (cause as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    const found = isSlow ? "one that takes too long to match" : (cause as Error).message;
    throw new InvalidInputError(
      `${origin}: expected a regular expression, found ${JSON.stringify(pattern)}: ${found}.`,
      {
        cause,
      },
    );
  }
}

/** Python's spelling of named groups, end of text and leading flags, in JavaScript's. */
function translate(pattern: string): { source: string; flags: string } {
  const leading = /^\(\?([ims]+)\)/.exec(pattern);
  const source = pattern
    .slice(leading?.[0].length ?? 0)
    .replaceAll("(?P<", "(?<")
    .replaceAll(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replaceAll("\\Z", "$")
    .replaceAll("\\A", "^");
  return { source, flags: leading?.[1] ?? "" };
}

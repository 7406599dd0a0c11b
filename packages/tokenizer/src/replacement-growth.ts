import { InvalidInputError, isJsonRecord, type JsonRecord } from "@blora/spec";
import { stepsOf } from "./json-file.ts";

/** Characters that one may become. */
const MOST_CHARACTERS = 2 ** 16;
/** What a regular expression has that matches between characters. */
const ZERO_WIDTH = /\(\?[=!<]|\\[bB]/;

/**
 * Holds the replacements of a `tokenizer.json` to a text of some length: each may put several characters for one, and what comes
 * after it for each of those again.
 *
 * @throws InvalidInputError where that could be without end
 */
export function requireModestGrowth(json: JsonRecord, path: string): void {
  for (const place of ["normalizer", "decoder"]) {
    const characters = stepsOf(json[place]).reduce((product, step) => product * growthOf(step), 1);
    if (characters <= MOST_CHARACTERS) continue;
    throw new InvalidInputError(
      `${path}: ${place}: expected replacements that make at most ${MOST_CHARACTERS} characters of one, found some that may make ${characters}.`,
    );
  }
}

function growthOf({ type, pattern, content }: JsonRecord): number {
  if (type !== "Replace" || typeof content !== "string" || !isJsonRecord(pattern)) return 1;
  // Between characters there is one place more than there are characters, and these stay.
  return matchesNothing(pattern) ? 1 + content.length : Math.max(1, content.length);
}

function matchesNothing({ String: literal, Regex: source }: JsonRecord): boolean {
  if (typeof literal === "string") return literal === "";
  if (typeof source !== "string") return false;
  if (ZERO_WIDTH.test(source)) return true;
  try {
    return new RegExp(source, "u").test("");
  } catch {
    // One that JavaScript cannot read is refused where it is used.
    return true;
  }
}

import { isJsonRecord, type JsonRecord, textOfJson } from "@blora/spec";
import { recordsOf } from "./json-file.ts";
import { literalPattern } from "./literal-pattern.ts";

/** Marks of punctuation of the Rust library, inside brackets. */
const PUNCTUATION = "\\p{P}$+<=>^`|~";

/** What is part of a word, inside brackets. */
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

/** A `Split` whose words are the matches of an expression. */
const matchesOf = (expression: string): JsonRecord => ({
  type: "Split",
  pattern: { Regex: expression },
  behavior: "Removed",
  invert: true,
});

/** The words between and with matches of `pattern`, by what becomes of a match; undefined where the library does the same. */
function splitBy(pattern: string, behavior: unknown): JsonRecord | undefined {
  const match = `(?:${pattern})`;
  const other = `(?:(?!${match})[\\s\\S])`;
  switch (behavior) {
    case "MergedWithPrevious":
      return matchesOf(`${other}*${match}|${other}+`);
    case "MergedWithNext":
      return matchesOf(`${match}${other}*|${other}+`);
    case "Contiguous":
      return matchesOf(`${match}+|${other}+`);
    default:
      return undefined;
  }
}

function split(step: JsonRecord): JsonRecord {
  const { Regex: regex, String: text } = isJsonRecord(step.pattern) ? step.pattern : {};
  const pattern = typeof regex === "string" ? regex : literalPattern(textOfJson(text));
  if (step.invert !== true) return splitBy(pattern, step.behavior) ?? step;
  // Both keep the matches and what is between.
  return step.behavior === "Isolated" ? { ...step, invert: false } : step;
}

function punctuation({ behavior = "Isolated" }: JsonRecord): JsonRecord {
  const pattern = `[${PUNCTUATION}]`;
  const step = { type: "Split", pattern: { Regex: pattern }, behavior, invert: false };
  return splitBy(pattern, behavior) ?? step;
}

/**
 * The `pre_tokenizer` of a `tokenizer.json` in steps that the tokenizer library takes as the Rust library takes the
 * given ones: words and digits of all scripts, single marks of punctuation, and matches that stay with their neighbour.
 */
export function sameSteps(step: unknown): unknown {
  if (!isJsonRecord(step)) return step;
  switch (step.type) {
    case "Sequence":
      return { ...step, pretokenizers: recordsOf(step.pretokenizers).map(sameSteps) };
    case "Whitespace":
      return matchesOf(`[${WORD}]+|[^${WORD}\\s]+`);
    case "WhitespaceSplit":
      return matchesOf("\\S+");
    case "BertPreTokenizer":
      return matchesOf(`[^\\s${PUNCTUATION}]+|[${PUNCTUATION}]`);
    case "Digits": {
      const count = step.individual_digits === true ? "" : "+";
      return { type: "Split", pattern: { Regex: `\\p{N}${count}` }, behavior: "Isolated", invert: false };
    }
    case "Punctuation":
      return punctuation(step);
    case "Split":
      return split(step);
    default:
      return step;
  }
}

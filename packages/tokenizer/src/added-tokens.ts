import { InvalidInputError, type JsonRecord } from "@blora/spec";
import { recordsOf } from "./json-file.ts";
import { literalPattern } from "./literal-pattern.ts";

/** A token found in the text itself, before the model sees it. Fields as in `tokenizer.json`. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Match in the normalized text rather than in the text as given. */
  readonly normalized: boolean;
  /** Take white space on the left, or right, along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Match whole words only. */
  readonly singleWord: boolean;
  /** Left out of decoded text. */
  readonly special: boolean;
}

/** Text between added tokens, or the id of one. */
export type Section = string | number;

const WORD = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]";
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, "u");
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, "u");

/** Whether nothing that is part of a word touches a match. */
function isAlone(text: string, start: number, end: number): boolean {
  // Two units are enough: a character has no more.
  return (
    !ENDS_WITH_WORD.test(text.slice(Math.max(0, start - 2), start)) && !STARTS_WITH_WORD.test(text.slice(end, end + 2))
  );
}

/**
 * Makes a function that cuts a text at added tokens, leftmost first and the longest where several match. A match that
 * must stand alone and does not is passed over whole, as the Rust library of Hugging Face does.
 */
export function createSplitter(tokens: readonly AddedToken[]): (text: string) => Section[] {
  const ordered = tokens.filter(({ content }) => content !== "").sort((a, b) => b.content.length - a.content.length);
  if (ordered.length === 0) return (text) => [text];
  const byContent = new Map(ordered.map((token) => [token.content, token]));
  const expression = new RegExp(ordered.map(({ content }) => literalPattern(content)).join("|"), "gu");
  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (const { 0: content, index } of text.matchAll(expression)) {
      const { id, lstrip, rstrip, singleWord } = byContent.get(content)!;
      let end = index + content.length;
      if (singleWord && !isAlone(text, index, end)) continue;
      const before = text.slice(done, index);
      const kept = lstrip ? before.replace(/(?<!\s)\s+$/, "") : before;
      if (kept !== "") sections.push(kept);
      sections.push(id);
      if (rstrip) end += /^\s*/.exec(text.slice(end))![0].length;
      done = end;
    }
    if (done < text.length) sections.push(text.slice(done));
    return sections;
  };
}

/** The `added_tokens` of a `tokenizer.json`. */
export function readAddedTokens(json: JsonRecord, path: string): AddedToken[] {
  return recordsOf(json.added_tokens).map((token) => addedToken(token, path));
}

/** @throws InvalidInputError naming the file, for a token without an id or content */
export function addedToken(token: JsonRecord, path: string): AddedToken {
  const { id, content } = token;
  if (!Number.isSafeInteger(id) || (id as number) < 0 || typeof content !== "string") {
    throw new InvalidInputError(
      `${path}: expected added tokens with an id and content, found ${JSON.stringify(token)}`,
    );
  }
  return {
    id: id as number,
    content,
    normalized: token.normalized === true,
    lstrip: token.lstrip === true,
    rstrip: token.rstrip === true,
    singleWord: token.single_word === true,
    special: token.special === true,
  };
}

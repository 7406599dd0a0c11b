import { isJsonRecord, type JsonRecord, textOfJson } from "@blora/spec";
import { createSplitter, readAddedTokens } from "./added-tokens.ts";
import { createBertNormalizer } from "./bert-normalizer.ts";

const PUNCTUATION = /([\p{P}$+<=>^`|~])/u;

/** Words of a normalized text: cut at white space, every mark of punctuation alone. */
function wordsOf(text: string): string[] {
  return text.split(/\p{White_Space}+/u).flatMap((part) => part.split(PUNCTUATION).filter((word) => word !== ""));
}

interface Model {
  readonly vocab: Readonly<Record<string, number>>;
  readonly unknown: string;
  readonly prefix: string;
  readonly longest: number;
}

/** The longest pieces of a word from its left; the unknown token where there is no such row of pieces. */
function segment(word: string, { vocab, unknown, prefix, longest }: Model): string[] {
  const characters = Array.from(word);
  if (characters.length > longest) return [unknown];
  const pieces: string[] = [];
  for (let start = 0; start < characters.length; ) {
    let end = characters.length;
    const pieceTo = (stop: string | number): string =>
      (start > 0 ? prefix : "") + characters.slice(start, stop as number).join("");
    while (end > start && !Object.hasOwn(vocab, pieceTo(end))) end--;
    if (end === start) return [unknown];
    pieces.push(pieceTo(end));
    start = end;
  }
  return pieces;
}

/**
 * Text to ids by a `tokenizer.json` of BERT's kind: `BertNormalizer`, `BertPreTokenizer` and `WordPiece`. Undefined
 * where it has other parts.
 *
 * @param path of the file, for errors
 */
export function createWordPiece(json: JsonRecord, path: string): ((text: string) => number[]) | undefined {
  const { normalizer, pre_tokenizer: words, model } = json;
  if (!isJsonRecord(normalizer) || normalizer.type !== "BertNormalizer") return undefined;
  if (!isJsonRecord(words) || words.type !== "BertPreTokenizer") return undefined;
  if (!isJsonRecord(model) || model.type !== "WordPiece" || !isJsonRecord(model.vocab)) return undefined;
  const vocab = model.vocab as Record<string, number>;
  const {
    unk_token: unknown,
    continuing_subword_prefix: prefix = "##",
    max_input_chars_per_word: longest = 100,
  } = model;
  if (typeof unknown !== "string" || !Object.hasOwn(vocab, unknown)) return undefined;
  const pieces: Model = { vocab, unknown, prefix: textOfJson(prefix), longest: Number(textOfJson(longest)) };
  const normalize = createBertNormalizer(normalizer);
  const added = readAddedTokens(json, path);
  const splitRaw = createSplitter(added.filter(({ normalized }) => !normalized));
  const splitNormalized = createSplitter(
    added.filter(({ normalized }) => normalized).map((token) => ({ ...token, content: normalize(token.content) })),
  );
  const idsOf = (text: string): number[] =>
    wordsOf(text).flatMap((word) => segment(word, pieces).map((piece) => vocab[piece]!));
  return (text) =>
    splitRaw(text).flatMap((section) =>
      typeof section === "number"
        ? [section]
        : splitNormalized(normalize(section)).flatMap((part) => (typeof part === "number" ? [part] : idsOf(part))),
    );
}

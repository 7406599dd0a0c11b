import type { Tokenizer } from "@blora/spec";

/** A text, or its words, which are taken to stand a space apart. */
export type WordsInput = string | readonly string[];

/** A stretch of a text, in its UTF-16 units: `text.slice(start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A token with the stretch of the text it stands for. */
export interface Piece extends Span {
  readonly id: number;
  /** Index of the word it is of. */
  readonly word: number;
}

/** A text as a tagger reads it. */
export interface ReadText {
  readonly text: string;
  readonly pieces: readonly Piece[];
}

/** As BERT has it. */
const WORD = /[\p{P}$+<=>^`|~\p{Script=Han}]|[^\p{P}$+<=>^`|~\p{Script=Han}\p{White_Space}]+/gu;

/** Cuts a text into words and tokens, with the places of all of them. */
export function readWords(input: WordsInput, tokenizer: Tokenizer): ReadText {
  const text = typeof input === "string" ? input : input.join(" ");
  const spans = typeof input === "string" ? placesOfWords(input) : spansOf(input);
  return { text, pieces: spans.flatMap((span, word) => piecesOf(text, span, word, tokenizer)) };
}

/** The words of a text as `tag` reads them: a mark of punctuation or a Chinese character is one, other words end at spaces. */
export function wordsOf(text: string): string[] {
  return placesOfWords(text).map(({ start, end }) => text.slice(start, end));
}

function placesOfWords(text: string): Span[] {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ start: index, end: index + word.length }));
}

function spansOf(words: readonly string[]): Span[] {
  let end = -1;
  return words.map((word) => {
    const start = end + 1;
    end = start + word.length;
    return { start, end };
  });
}

/** Where the places of tokens in a word cannot be told, such as of a rewritten character, each stands for all of it. */
function piecesOf(
  text: string,
  { start, end }: Span,
  word: number,
  { encode, encodeWord = encode, decode }: Tokenizer,
): Piece[] {
  const ids = encodeWord(text.slice(start, end));
  const decoded = ids.map((_, index) => lettersOf(decode(ids.slice(0, index + 1))));
  const ends = placesOf(text.slice(start, end), decoded.at(-1) ?? "");
  if (ends === undefined) return ids.map((id) => ({ id, word, start, end }));
  return ids.map((id, index) => {
    const from = wholeLetters(decoded[index - 1] ?? "");
    const to = Math.max(Array.from(decoded[index]!).length, from + 1);
    return {
      id,
      word,
      start: start + (ends[from]?.start ?? end - start),
      end: start + (ends[to - 1]?.end ?? end - start),
    };
  });
}

const lettersOf = (decoded: string): string => decoded.replace(/\p{White_Space}+/gu, "");

/** Letters that are complete: a token may end inside a character, which decodes to U+FFFD. */
const wholeLetters = (decoded: string): number => Array.from(decoded.replace(/\uFFFD+$/u, "")).length;

/** The stretch of `word` that each letter of its decoded tokens stands for; undefined where they are not its letters. */
function placesOf(word: string, decoded: string): Span[] | undefined {
  const places: Span[] = [];
  let start = 0;
  let rest = decoded;
  for (const letter of word) {
    const end = start + letter.length;
    const form = formsOf(letter).find((candidate) => rest.startsWith(candidate))!;
    for (const _ of form) places.push({ start, end });
    rest = rest.slice(form.length);
    start = end;
  }
  return rest === "" && places.length > 0 ? places : undefined;
}

/** What normalizers make of a letter: case, accents and compatible characters; or nothing. */
function formsOf(letter: string): string[] {
  const compatible = letter.normalize("NFKC");
  const bare = compatible.normalize("NFD").replace(/\p{M}/gu, "");
  const forms = [letter, compatible, bare].flatMap((form) => [form, form.toLowerCase()]);
  return [...forms.filter((form) => form.trim() !== ""), ""];
}

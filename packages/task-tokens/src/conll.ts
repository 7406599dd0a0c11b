import { labelName, linesOf, readText } from "@blora/data";
import { InvalidInputError } from "@blora/spec";
import type { Column } from "./options.ts";
import type { GivenColumns, Sentence, SentenceFile } from "./sentence.ts";

/** A line with a word, cut into its columns. */
interface WordLine {
  readonly cells: readonly string[];
  /** Counted from 1. */
  readonly number: number;
}

const BLANK = /^[ \t]*$/;
/** Marks where a document begins, with filling in the other columns. */
const DOCUMENT = /^-DOCSTART-(?:[ \t]|$)/;

/**
 * Sentences of a file with a word on each line and a blank line between sentences: columns stand apart by tabs, or else
 * by spaces. Lines of `-DOCSTART-` and comments (`# …`, before the words of a sentence) are left out, and of CoNLL-U those
 * of tokens that stand for several words, and of words that are not in the text.
 *
 * @throws InvalidInputError naming file and line
 */
export async function readConll(file: string, given: GivenColumns): Promise<SentenceFile> {
  const { blocks, comments, width } = blocksOf(file, linesOf(file, await readText(file)), given);
  const columns = columnsOf(file, width, given);
  requireWords(file, blocks, columns, given);
  const sentences = blocks.map((lines): Sentence => {
    const at = (column: number) => lines.map(({ cells }) => cells[column - 1]!);
    return {
      words: at(columns.words),
      ...(columns.tags !== undefined && { tags: at(columns.tags).map(labelName) }),
      origin: `${file}, line ${lines[0]!.number}`,
    };
  });
  const notes = comments === 0 ? [] : [`${comments} lines with comments are left out.`];
  return { file, sentences, ...columns, notes };
}

/** Whether the lines of a file look like columns: more than one on a line, and a blank line between sentences. */
export async function looksLikeColumns(file: string): Promise<boolean> {
  const lines = linesOf(file, await readText(file)).map((line) => line.trimEnd());
  const words = lines.filter((line) => !BLANK.test(line) && !line.startsWith("#") && !DOCUMENT.test(line));
  const first = words[0];
  if (first === undefined || !lines.slice(lines.indexOf(first)).includes("")) return false;
  const split = splitterOf(first);
  const width = split(first).length;
  return width > 1 && words.slice(0, 50).every((line) => split(line).length === width);
}

function splitterOf(line: string): (line: string) => string[] {
  // Other blanks, such as no-break spaces, are words of their own to some.
  const trimmed = (text: string): string => text.replace(/^ +| +$/g, "");
  return line.includes("\t") ? (text) => text.split("\t").map(trimmed) : (text) => trimmed(text).split(/ +/);
}

/**
 * Tells a comment from a sentence that begins with the word `#`, where it has as many columns: a word has a tag that
 * other words have, and `# sent_id = 1` is written by no corpus of words.
 */
function commentTest(rows: readonly (readonly string[])[], width: number, given: GivenColumns) {
  const tagAt = Math.min(numberOf(given.tags) ?? width, width) - 1;
  const tags = new Set(["#", ...rows.filter(([first]) => first !== "#").map((cells) => cells[tagAt]!)]);
  return (cells: readonly string[]): boolean => {
    if (!cells[0]!.startsWith("#")) return false;
    if (cells.length !== width) return true;
    return cells[0] === "#" && width > 1 && (cells[2] === "=" || !tags.has(cells[tagAt]!));
  };
}

/** An id of CoNLL-U that is no word's: `3-4` of a token that words 3 and 4 make up, `5.1` of a word left out. */
const NO_WORD = /^\d+[-.]\d+$/;

function blocksOf(file: string, lines: readonly string[], given: GivenColumns) {
  const blocks: WordLine[][] = [];
  const open: WordLine[] = [];
  const close = () => {
    if (open.length > 0) blocks.push(open.splice(0));
  };
  const first = lines.findIndex((line) => !BLANK.test(line) && !line.startsWith("#") && !DOCUMENT.test(line));
  if (first < 0) throw new InvalidInputError(`${file}: expected a word on each line, found none.`);
  const split = splitterOf(lines[first]!);
  const width = split(lines[first]!).length;
  const rows = lines.filter((line) => !BLANK.test(line) && !DOCUMENT.test(line)).map(split);
  const isComment = commentTest(rows, width, given);
  const isNumbered = width > 2 && (numberOf(given.words) ?? 1) > 1 && /^\d+(?:-\d+)?$/.test(split(lines[first]!)[0]!);
  let comments = 0;
  for (const [index, line] of lines.entries()) {
    if (BLANK.test(line) || DOCUMENT.test(line)) {
      close();
      continue;
    }
    const cells = split(line);
    const number = index + 1;
    if (open.length === 0 && isComment(cells)) {
      comments++;
      continue;
    }
    if (isNumbered && cells.length === width && NO_WORD.test(cells[0]!)) continue;
    if (cells.length !== width || cells.includes("")) {
      const found = cells.length === width ? "an empty one" : cells.length;
      throw new InvalidInputError(
        `${file}, line ${number}: expected ${width} columns, as line ${first + 1} has, found ${found}: ${JSON.stringify(line)}.`,
      );
    }
    open.push({ cells, number });
  }
  close();
  return { blocks, comments, width };
}

/** A file of one column has words alone. */
function columnsOf(file: string, width: number, given: GivenColumns): { words: number; tags?: number } {
  const words = numberOf(given.words) ?? 1;
  requireColumn(file, width, words, "words");
  if (width === 1 || given.unread === true) return { words };
  const tags = numberOf(given.tags) ?? width;
  requireColumn(file, width, tags, "tags");
  if (tags !== words) return { words, tags };
  throw new InvalidInputError(`${file}: expected words and tags in two columns, found both in column ${words}.`, {
    wrongOptions: ["words", "tags"],
  });
}

/** What no word looks like in every line. */
const TAG = /^(?:O|[BIESLU]-.+)$/;

/** Files may count the words of a sentence in their first column, or have the tags there, which is then none of words. */
function requireWords(
  file: string,
  blocks: readonly (readonly WordLine[])[],
  { words }: { readonly words: number },
  given: GivenColumns,
): void {
  const byBlock = blocks.map((lines) =>
    lines.map(({ cells }) => cells[words - 1]!).filter((cell) => !NO_WORD.test(cell)),
  );
  if (numberOf(given.words) !== undefined) return;
  const cells = byBlock.flat();
  if (blocks[0]![0]!.cells.length > 1 && cells.every((cell) => TAG.test(cell)) && cells.some((cell) => cell !== "O")) {
    throw new InvalidInputError(
      `${file}: expected words in column ${words}, found tags. Name the column of the words: task.words=2, and of the tags: task.tags=1.`,
      { wrongOptions: ["words"] },
    );
  }
  const counts = (start: number) =>
    byBlock.every((cells) => cells.every((cell, index) => cell === String(index + start)));
  if (!blocks.some((lines) => lines.length > 1)) return;
  if (blocks[0]![0]!.cells.length < 3 || !(counts(0) || counts(1))) return;
  throw new InvalidInputError(
    `${file}: expected words in column ${words}, found numbers that count them. Name the column of the words: task.words=2, and of the tags: task.tags=<number>.`,
    { wrongOptions: ["words"] },
  );
}

/** The name of a column is of another file, which has names. */
const numberOf = (column: Column | undefined): number | undefined => (typeof column === "number" ? column : undefined);

function requireColumn(file: string, width: number, column: number, what: "words" | "tags"): void {
  if (column <= width) return;
  throw new InvalidInputError(
    `${file}: expected the ${what} in column ${column}, found ${width} columns. Name it: task.${what}=<number>, counted from 1.`,
    { wrongOptions: [what] },
  );
}

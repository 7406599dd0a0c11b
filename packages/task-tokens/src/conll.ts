import { linesOf, readText } from "@blora/data";
import { InvalidInputError } from "@blora/spec";
import type { Column } from "./options.ts";
import type { GivenColumns, Sentence, SentenceFile } from "./sentences.ts";

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
 * by spaces. Lines of `-DOCSTART-` and comments (`# …`, before the words of a sentence) are left out.
 *
 * @throws InvalidInputError naming file and line
 */
export async function readConll(file: string, given: GivenColumns): Promise<SentenceFile> {
  const { blocks, comments, width } = blocksOf(file, linesOf(file, await readText(file)));
  const columns = columnsOf(file, width, given);
  const sentences = blocks.map((lines): Sentence => {
    const at = (column: number) => lines.map(({ cells }) => cells[column - 1]!);
    return {
      words: at(columns.words),
      ...(columns.tags !== undefined && { tags: at(columns.tags) }),
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

function blocksOf(file: string, lines: readonly string[]) {
  const blocks: WordLine[][] = [];
  const open: WordLine[] = [];
  const close = () => {
    if (open.length > 0) blocks.push(open.splice(0));
  };
  const first = lines.findIndex((line) => !BLANK.test(line) && !line.startsWith("#") && !DOCUMENT.test(line));
  if (first < 0) throw new InvalidInputError(`${file}: expected a word on each line, found none.`);
  const split = splitterOf(lines[first]!);
  const width = split(lines[first]!).length;
  let comments = 0;
  for (const [index, line] of lines.entries()) {
    if (BLANK.test(line) || DOCUMENT.test(line)) {
      close();
      continue;
    }
    const cells = split(line);
    const number = index + 1;
    // A word may be "#": a comment comes before the words, and has other columns.
    if (open.length === 0 && line.startsWith("#") && cells.length !== width) {
      comments++;
      continue;
    }
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

/** The name of a column is of another file, which has names. */
const numberOf = (column: Column | undefined): number | undefined => (typeof column === "number" ? column : undefined);

function requireColumn(file: string, width: number, column: number, what: "words" | "tags"): void {
  if (column <= width) return;
  throw new InvalidInputError(
    `${file}: expected the ${what} in column ${column}, found ${width} columns. Name it: task.${what}=<number>, counted from 1.`,
    { wrongOptions: [what] },
  );
}

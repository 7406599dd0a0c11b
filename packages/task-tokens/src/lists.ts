import { labelName, readTable, shownCell, shownNames, type Table } from "@blora/data";
import { didYouMean, InvalidInputError } from "@blora/spec";
import type { Column } from "./options.ts";
import type { GivenColumns, Sentence, SentenceFile } from "./sentence.ts";

const WORDS: readonly string[] = ["tokens", "words", "token", "word", "text", "sentence"];
const TAGS: readonly string[] = [
  "ner_tags",
  "tags",
  "labels",
  "ner",
  "iob",
  "bio",
  "entities",
  "pos_tags",
  "upos",
  "pos",
];

/**
 * Sentences of a jsonl, json or parquet file with a list of words and a list of tags in each row. Tags are texts, or
 * numbers that the file or `given.labels` name.
 *
 * @throws InvalidInputError naming the file and the columns it has, or the row that is wrong
 */
export async function readLists(file: string, given: GivenColumns): Promise<SentenceFile> {
  const table = await readTable(file);
  const words = findColumn(table, given.words, { what: "words", usual: WORDS });
  if (words === undefined) throw unnamed(table, "words");
  const isRead = given.unread !== true;
  const tags = isRead ? findColumn(table, given.tags, { what: "tags", usual: TAGS, taken: words }) : undefined;
  const names = tags === undefined ? undefined : table.classNames?.get(tags);
  const [wordsAt, tagsAt] = [words, tags].map((name) => table.columns.indexOf(name ?? ""));
  const sentences = table.rows.map(({ cells, origin }): Sentence => {
    const own = wordList(cells[wordsAt!], words, origin);
    const cell = tags === undefined ? undefined : cells[tagsAt!];
    if (cell === undefined || cell === null) return { words: own, origin };
    return {
      words: own,
      tags: tagList(cell, own.length, { column: tags!, origin, names: names ?? given.labels }),
      origin,
    };
  });
  return { file, sentences, words, ...(tags !== undefined && { tags }), ...(names && { names }), notes: [] };
}

/** Whether a file has the two lists, at a glance at its first row. */
export async function hasLists(file: string): Promise<boolean> {
  const { columns, rows } = await readTable(file);
  const lists = columns.filter((_, index) => Array.isArray(rows[0]?.cells[index]));
  const [words, tags] = [WORDS, TAGS].map((usual) => usual.some((name) => lists.some((list) => isCalled(list, name))));
  return words! && tags!;
}

const isCalled = (column: string, name: string): boolean => column.trim().toLowerCase() === name;

interface Sought {
  readonly what: "words" | "tags";
  readonly usual: readonly string[];
  readonly taken?: string;
}

/** The named column, else the first with a usual name that holds lists; undefined where the table has none. */
function findColumn(table: Table, given: Column | undefined, { what, usual, taken }: Sought): string | undefined {
  const { columns, rows, file } = table;
  // A number is of another file, which has no names.
  if (typeof given === "string") {
    if (columns.includes(given)) return given;
    if (what === "tags" && !columns.some((name) => usual.includes(name))) return undefined;
    throw new InvalidInputError(
      `${file}: expected a column ${given} with the ${what}, found the columns ${shownNames(columns)}.${didYouMean(given, columns)}`,
      { wrongOptions: [what] },
    );
  }
  const lists = columns.filter(
    (column, index) => column !== taken && rows.some(({ cells }) => Array.isArray(cells[index])),
  );
  const found = usual.map((name) => lists.find((column) => isCalled(column, name))).find((name) => name !== undefined);
  if (found !== undefined || lists.length === 0) return found;
  if (lists.length === 1 && what === "tags") return lists[0];
  throw unnamed(table, what);
}

function unnamed({ file, columns }: Table, what: "words" | "tags"): InvalidInputError {
  return new InvalidInputError(
    `${file}: expected a column with a list of ${what} in each row, found the columns ${shownNames(columns)}. Name it: task.${what}=<column>.`,
  );
}

function listOf(cell: unknown, column: string, origin: string): readonly unknown[] {
  if (Array.isArray(cell)) return cell;
  throw new InvalidInputError(`${origin}: expected a list in column ${column}, found ${shownCell(cell)}.`);
}

function wordList(cell: unknown, column: string, origin: string): readonly string[] {
  return listOf(cell, column, origin).map((word, index) => {
    if (typeof word === "string") return word;
    throw new InvalidInputError(
      `${origin}: expected words as texts in column ${column}, found ${shownCell(word)} at word ${index + 1}.`,
    );
  });
}

interface TagList {
  readonly column: string;
  readonly origin: string;
  readonly names: readonly string[] | undefined;
}

function tagList(cell: unknown, words: number, { column, origin, names }: TagList): readonly string[] {
  const tags = listOf(cell, column, origin);
  if (tags.length !== words) {
    throw new InvalidInputError(
      `${origin}: expected as many tags as words, found ${words} words and ${tags.length} tags in column ${column}.`,
    );
  }
  return tags.map((tag, index) => {
    if (typeof tag === "string" && tag.trim() !== "") return labelName(tag);
    const place = `${origin}: expected`;
    const number = typeof tag === "bigint" ? Number(tag) : tag;
    if (!Number.isInteger(number))
      throw new InvalidInputError(`${place} a tag for word ${index + 1}, found ${shownCell(tag)}.`);
    if (names === undefined) {
      throw new InvalidInputError(
        `${place} names of the tags, found the number ${number} in column ${column}. Name them in the order of their numbers: task.labels=["O","B-PER","I-PER",…].`,
      );
    }
    const name = names[number as number];
    if (name !== undefined) return name;
    throw new InvalidInputError(
      `${place} the number of a tag, 0 to ${names.length - 1} (${shownNames(names)}), for word ${index + 1}, found ${number}.`,
    );
  });
}

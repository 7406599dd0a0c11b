import { numberInText, shownNames, type Table } from "@blora/data";
import { didYouMean, InvalidInputError } from "@blora/spec";

/** Columns a row is read from. */
export interface Columns {
  readonly text: string;
  readonly pair?: string;
  readonly label: string;
}

/** What the columns hold, in messages. */
const WHAT: Readonly<Record<keyof Columns, string>> = { text: "text", pair: "second text", label: "label" };

/** Names that two texts of a row go by, in the order they are looked for. */
const PAIRS: readonly (readonly [string, string])[] = [
  ["sentence1", "sentence2"],
  ["premise", "hypothesis"],
  ["question1", "question2"],
  ["text1", "text2"],
  ["text", "text_pair"],
  ["question", "answer"],
  ["query", "passage"],
];
const TEXTS: readonly string[] = [
  ...["text", "sentence", "review", "content", "body", "comment", "message", "tweet", "document", "article"],
  ...["description", "question", "query", "utterance", "headline", "title", "input"],
];
/** Names of columns that tell rows apart, such as those that pandas writes: what they hold says nothing of a row. */
const COUNTERS: ReadonlySet<string> = new Set(["", "id", "idx", "index", "unnamed: 0", "__index_level_0__"]);
const LABELS: readonly string[] = [
  ...["label", "labels", "class", "category", "target", "stars", "rating", "score", "sentiment", "intent", "topic"],
  ...["emotion", "gold_label", "y"],
];

/**
 * The columns of a table that hold text and label: those that are named, or else those with a usual name, or the only
 * other column there is.
 *
 * @throws InvalidInputError naming the file, the columns it has, and how to name the right one
 */
export function findColumns(table: Table, given: Partial<Columns>): Columns {
  const named = (name: string, option: keyof Columns): string => {
    if (table.columns.includes(name)) return name;
    throw new InvalidInputError(
      `${table.file}: expected a ${WHAT[option]} column ${name}, found the columns ${shownNames(table.columns)}.${didYouMean(name, table.columns)}`,
      { wrongOptions: [option] },
    );
  };
  const label = given.label === undefined ? usualLabel(table) : named(given.label, "label");
  if (given.text !== undefined || given.pair !== undefined) {
    const pair = given.pair === undefined ? {} : { pair: named(given.pair, "pair") };
    const text =
      given.text === undefined ? usualText(table, [label, ...Object.values(pair)]) : named(given.text, "text");
    return { text, ...pair, label };
  }
  // Of questions and answers these may be the label.
  const others = { ...table, columns: table.columns.filter((column) => column !== label) };
  const pair = PAIRS.map((names) => names.map((name) => spelled(others, name))).find((found) => found.every(Boolean));
  return pair === undefined ? { text: usualText(table, [label]), label } : { text: pair[0]!, pair: pair[1]!, label };
}

/** How the table spells a name, in whatever case. */
export function spelled({ columns }: Table, name: string): string | undefined {
  return columns.find((column) => plain(column) === plain(name));
}

const isCounter = (column: string): boolean => COUNTERS.has(plain(column));

function plain(column: string): string {
  return column.trim().toLowerCase();
}

function usualLabel(table: Table): string {
  const found = LABELS.map((name) => spelled(table, name)).find((name) => name !== undefined);
  if (found !== undefined) return found;
  const [first, second, third] = table.columns.filter((column) => !isCounter(column));
  const text = TEXTS.map((name) => spelled(table, name)).find((name) => name !== undefined);
  const other = text === first ? second : first;
  if (third === undefined && text !== undefined && other !== undefined) return other;
  throw unnamed(table, "label");
}

function usualText(table: Table, taken: readonly string[]): string {
  const free = table.columns.filter((column) => !taken.includes(column) && !isCounter(column));
  const found = TEXTS.map((name) => spelled({ ...table, columns: free }, name)).find((name) => name !== undefined);
  if (found !== undefined) return found;
  if (free.length === 1) return free[0]!;
  throw unnamed(table, "text");
}

function unnamed({ file, columns }: Table, what: "text" | "label"): InvalidInputError {
  if (columns.length === 0)
    return new InvalidInputError(`${file}: expected the names of the columns in its first line, found an empty file.`);
  if (columns.some((column) => column.includes("\0")))
    return new InvalidInputError(
      `${file}: expected the names of the columns in its first line, found bytes that are no text.`,
    );
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(columns[0]!))
    return new InvalidInputError(`${file}: expected the names of the columns in its first line, found a web page.`);
  const help = columns.some(isText) ? " Its first line must hold the names of the columns." : "";
  return new InvalidInputError(
    `${file}: expected a column that is the ${what}, found the columns ${shownNames(columns)}. Name it: task.${what}=<column>.${help}`,
  );
}

/** What is hardly a name: a sentence or a number, such as the first row of a file has that does not name its columns. */
function isText(column: string): boolean {
  return Number.isFinite(numberInText(column)) || column.trim().split(/\s+/).length > 3;
}

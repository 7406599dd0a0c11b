import { basename } from "node:path";
import { isOfHub, nameOfFile, type Table } from "@blora/data";
import { InvalidInputError, type Understood } from "@blora/spec";
import { findColumns } from "./columns.ts";
import { tablesOf } from "./files.ts";
import type { ClassifyOptions } from "./options.ts";
import { storedLabel } from "./rows.ts";

/** Labels are classes while they are few. Beyond, whole numbers are amounts, and texts must repeat to be classes. */
const FEW_CLASSES = 20;
/** Texts that differ in more than half of the rows are no classes. */
const MOST_CLASSES_PER_ROW = 0.5;

/**
 * What the training rows say that `given` leaves open: which columns hold text and label, whether labels are classes
 * or numbers, and the names of the classes, in the order of their numbers or else of the alphabet.
 *
 * @throws NotFoundError | InvalidInputError naming the file and what is missing or cannot be told
 */
export async function understandData(
  data: string,
  given: Partial<ClassifyOptions> = {},
): Promise<Understood<ClassifyOptions>> {
  const tables = (await tablesOf(given.train ?? "train", data))!;
  const [first] = tables;
  const columns = findColumns(first!, definedOf(given));
  const texts = tables.flatMap((table) => labelTexts(table, columns.label));
  if (texts.length === 0)
    throw new InvalidInputError(`${first!.file}: expected rows with a label in ${columns.label}, found none.`);
  const names = tables.map(({ classNames }) => classNames?.get(columns.label)).find((found) => found !== undefined);
  const kind = given.kind ?? (names === undefined && areNumbers(texts) ? "number" : "class");
  const labels = kind === "class" ? (given.labels ?? names ?? classesOf(texts, columns.label, first!.file)) : undefined;
  const options: ClassifyOptions = { ...given, kind, ...(labels && { labels }), ...columns };
  return { options, sentence: sentenceOf(options, texts.length, data) };
}

function definedOf({
  text,
  pair,
  label,
}: Partial<ClassifyOptions>): Partial<Record<"text" | "pair" | "label", string>> {
  return {
    ...(text !== undefined && { text }),
    ...(pair !== undefined && { pair }),
    ...(label !== undefined && { label }),
  };
}

function labelTexts(table: Table, label: string): string[] {
  const column = table.columns.indexOf(label);
  const names = table.classNames?.get(label);
  return table.rows.flatMap(({ cells, origin }) => storedLabel(cells[column], names, origin) ?? []);
}

function areNumbers(texts: readonly string[]): boolean {
  const values = texts.map(Number);
  if (!values.every(Number.isFinite)) return false;
  return !values.every(Number.isInteger) || new Set(values).size > FEW_CLASSES;
}

function classesOf(texts: readonly string[], column: string, file: string): readonly string[] {
  const classes = [...new Set(texts)];
  if (classes.length < 2) {
    throw new InvalidInputError(
      `${file}: expected at least two classes in column ${column}, found ${classes.join(", ")} alone.`,
    );
  }
  if (classes.length > FEW_CLASSES && classes.length > MOST_CLASSES_PER_ROW * texts.length) {
    throw new InvalidInputError(
      `${file}: expected classes in column ${column}, found ${classes.length} different texts in ${texts.length} rows. Name the column of the label: task.label=<column>.`,
    );
  }
  const numbered = classes.every((name) => Number.isFinite(Number(name)));
  return classes.sort(numbered ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : 1));
}

const SHOWN = 12;

function sentenceOf({ kind, text, pair, label, labels = [] }: ClassifyOptions, rows: number, data: string): string {
  const read = pair === undefined ? `the text in ${text}` : `the texts in ${text} and ${pair}`;
  const list = labels.length > SHOWN ? [...labels.slice(0, SHOWN), "…"] : labels;
  const asked =
    kind === "number"
      ? `the number in ${label}`
      : `which of ${labels.length} classes is in ${label} (${list.join(", ")})`;
  return `${isOfHub(data) ? nameOfFile(data) : basename(data)}: ${rows} labelled rows; learns from ${read} ${asked}.`;
}

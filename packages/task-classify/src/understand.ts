import { labelIndices, labelName, numberInText, shownCell, type Table } from "@blora/data";
import { InvalidInputError, requireValid, type Understood } from "@blora/spec";
import { isUnlabelled, labelText, requireExactLabel } from "./cells.ts";
import { balancedWeights } from "./class-weights.ts";
import { findColumns } from "./columns.ts";
import { doubtfulLabels } from "./doubtful-labels.ts";
import { findSeparator, isEmptyList, isList, type LabelCell, labelsOfCell } from "./label-lists.ts";
import { loadSplit } from "./load.ts";
import { type ClassifyOptions, givenSchema } from "./options.ts";
import { storedName } from "./rows.ts";
import { shortName, type Tables } from "./tables.ts";

/** Labels are classes while they are few. Beyond, whole numbers are amounts, and texts must repeat to be classes. */
const FEW_CLASSES = 20;
/** Texts that differ in more than half of the rows are no classes. */
const MOST_CLASSES_PER_ROW = 0.5;

/**
 * What the training rows say that `given` leaves open: which columns hold text and label, whether labels are classes
 * or numbers, whether a row has several and what stands between them, the names of the classes, in the order of their
 * numbers or else of the alphabet, and the weights of balanced classes.
 *
 * @throws NotFoundError | InvalidInputError naming the file and what is missing or cannot be told; of what is given
 *   and wrong, `wrongOptions` are the names
 */
export async function understand(
  data: Tables,
  given: Partial<ClassifyOptions> = {},
): Promise<Understood<ClassifyOptions>> {
  requireValid(givenSchema, given, 'Options of task "classify"');
  const { tables } = (await data.of(given.train ?? "train"))!;
  const [first] = tables;
  const columns = findColumns(first!, definedOf(given));
  const names = tables.map(({ classNames }) => classNames?.get(columns.label)).find((found) => found !== undefined);
  const cells = tables.flatMap((table) => labelCells(table, columns.label, given.labels ?? names));
  if (cells.length === 0)
    throw new InvalidInputError(`${first!.file}: expected rows with a label in ${columns.label}, found none.`);
  const labelled = { cells, names, column: columns.label, file: first!.file };
  const options = { ...given, ...kindOf(given, labelled), ...columns };
  const doubts = given.labels === undefined && names === undefined ? doubtfulLabels(options.labels ?? []) : [];
  const sentence = [sentenceOf(options, cells.length, data.name), ...doubts].join(" ");
  return { options: await withWeights(options, data), sentence };
}

/** The label cells of the training rows that have one. */
interface Labelled {
  readonly cells: readonly LabelCell[];
  /** Names the file gives the numbers of its classes. */
  readonly names: readonly string[] | undefined;
  readonly column: string;
  readonly file: string;
}

type Kind = Pick<ClassifyOptions, "kind" | "several" | "separator" | "labels">;

function kindOf(given: Partial<ClassifyOptions>, { cells, names, column, file }: Labelled): Kind {
  const lists = severalOf(given, cells);
  const { separator } = given;
  if (separator !== undefined && !cells.some(({ cell }) => String(cell).includes(separator))) {
    throw new InvalidInputError(
      `${file}: expected ${JSON.stringify(separator)} between the labels in column ${column}, found it in no row.`,
      { wrongOptions: ["separator"] },
    );
  }
  if (lists !== undefined) {
    const rows = cells.map((cell) => labelsOfCell(cell, lists.separator).map((name) => storedName(name, names)));
    if (new Set(rows.map((row) => JSON.stringify(row.toSorted()))).size < 2) {
      throw new InvalidInputError(
        `${file}: expected rows with different labels in column ${column}, found ${rows[0]!.join(", ") || "none"} in all.`,
      );
    }
    return { kind: "class", ...lists, labels: given.labels ?? names ?? inOrder([...new Set(rows.flat())]) };
  }
  const texts = cells.map(({ cell, origin }) => storedName(labelText(cell, origin)!, names));
  const kind = given.kind ?? (names === undefined && areNumbers(texts) ? "number" : "class");
  if (kind === "number") return { kind };
  for (const { cell, origin } of cells) requireExactLabel(cell, origin);
  return { kind, labels: given.labels ?? names ?? classesOf(texts, column, file) };
}

/** Whether cells hold several labels, and what stands between them. */
function severalOf(
  { kind, several, separator, labels }: Partial<ClassifyOptions>,
  cells: readonly LabelCell[],
): Pick<Kind, "several" | "separator"> | undefined {
  if (several === false || kind === "number") return undefined;
  if (separator !== undefined) return { several: true, separator };
  const [lists, others] = [cells.filter(({ cell }) => isList(cell)), cells.filter(({ cell }) => !isList(cell))];
  if (lists.some(({ cell }) => !isEmptyList(cell))) {
    const [single] = others;
    if (single === undefined || several === true) return { several: true };
    throw new InvalidInputError(
      `${single.origin}: expected a list of labels as in other rows, found ${shownCell(single.cell)}. Set task.several=true where a cell may be one label, or false where lists are names.`,
    );
  }
  const texts = others.map(({ cell }) => String(cell));
  const indexOf = labelIndices(labels ?? []);
  const areKnown = labels !== undefined && texts.every((text) => indexOf(labelName(text)) !== undefined);
  const found = areKnown ? undefined : findSeparator(texts);
  if (found !== undefined) return { several: true, separator: found };
  return several === true || lists.length > 0 ? { several: true } : undefined;
}

/** Numbers for `balanced`, from the rows that are learned. */
async function withWeights(options: ClassifyOptions, data: Tables): Promise<ClassifyOptions> {
  const { classWeights, labels, several = false, train = "train" } = options;
  if (classWeights !== "balanced" || labels === undefined) return options;
  const { examples } = await loadSplit(options, train, data);
  return { ...options, classWeights: balancedWeights(examples, labels, several) };
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

function labelCells({ columns, rows }: Table, label: string, classes: readonly string[] | undefined): LabelCell[] {
  const column = columns.indexOf(label);
  return rows
    .map(({ cells, origin }) => ({ cell: cells[column], origin }))
    .filter(({ cell }) => !isUnlabelled(cell, classes));
}

function areNumbers(texts: readonly string[]): boolean {
  const values = texts.map(numberInText);
  if (!values.every(Number.isFinite)) return false;
  return !values.every(Number.isInteger) || new Set(values).size > FEW_CLASSES;
}

function classesOf(texts: readonly string[], column: string, file: string): readonly string[] {
  const classes = [...new Set(texts)];
  if (classes.length < 2) {
    throw new InvalidInputError(
      `${file}: expected at least two classes in column ${column}, found ${JSON.stringify(classes[0])} alone.`,
    );
  }
  if (classes.length > FEW_CLASSES && classes.length > MOST_CLASSES_PER_ROW * texts.length) {
    throw new InvalidInputError(
      `${file}: expected classes in column ${column}, found ${classes.length} different texts in ${texts.length} rows. ${adviceOn(texts)}`,
    );
  }
  return inOrder(classes);
}

/** What nearly all numbers are is no column that was mistaken for the label. */
function adviceOn(texts: readonly string[]): string {
  const wrong = texts.find((text) => !Number.isFinite(numberInText(text)));
  const digits = texts.filter((text) => /^[^\p{L}]*\d[^\p{L}]*$/u.test(text)).length;
  if (wrong === undefined || digits <= texts.length / 2) return "Name the column of the label: task.label=<column>.";
  return `For numbers write each with digits and a decimal point alone: ${JSON.stringify(wrong)} is none.`;
}

/** By number where all are numbers, else by the alphabet. */
function inOrder(classes: readonly string[]): readonly string[] {
  const numbered = classes.every((name) => Number.isFinite(numberInText(name)));
  return classes.toSorted(numbered ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : 1));
}

const SHOWN = 12;

function sentenceOf(options: ClassifyOptions, rows: number, data: string): string {
  const { text, pair } = options;
  const read = pair === undefined ? `the text in ${text}` : `the texts in ${text} and ${pair}`;
  return `${shortName(data)}: ${rows} labelled rows; learns from ${read} ${askedOf(options)}.`;
}

function askedOf({ kind, several, separator, label, labels = [] }: ClassifyOptions): string {
  if (kind === "number") return `the number in ${label}`;
  const list = labels.length > SHOWN ? [...labels.slice(0, SHOWN), "…"] : labels;
  const between = separator === undefined ? "" : `, joined by ${JSON.stringify(separator)}`;
  const where = several === true ? `are in ${label}${between}, any number of them` : `is in ${label}`;
  return `which of ${labels.length} classes ${where} (${list.join(", ")})`;
}

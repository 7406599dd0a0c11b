import { InvalidInputError, isJsonRecord, type JsonRecord } from "@blora/spec";
import { nameOfFile } from "./hub-reference.ts";

/** Names under which programs write a list of all rows, beside what describes them. */
const LISTS: ReadonlySet<string> = new Set([
  ...["data", "rows", "records", "examples", "items", "instances", "samples", "dataset"],
  ...["train", "training", "validation", "valid", "val", "dev", "test"],
]);

/** Makes rows of columns, which are lists or objects by row. */
const TURN =
  "[keys_unsorted as $names | [.[] | [.[]]] | transpose[] | [$names, .] | transpose | map({(.[0]): .[1]}) | add]";

/**
 * Refuses a file that is one JSON object around all rows, by their names too, or of columns, which read as a row would be a single one.
 *
 * @throws InvalidInputError naming the form and the command that converts it
 */
export function refuseWholeObject(file: string, text: string): void {
  if (!/^\uFEFF?\s*\{/.test(text)) return;
  const found = parsed(text);
  const form = isJsonRecord(found) ? formOf(found) : undefined;
  if (form === undefined) return;
  const [what, filter] = form;
  throw new InvalidInputError(
    `${nameOfFile(file)}: expected an object for each row, found one with ${what}. Convert it: jq '${filter}' ${lastPart(file)} > rows.json`,
  );
}

/** Undefined for several objects, or none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}

/** What the object has, and the filter that makes an array of rows of it; undefined where it may be a row. */
function formOf(object: JsonRecord): readonly [what: string, filter: string] | undefined {
  const { columns, data } = object as Record<string, unknown>;
  if (Array.isArray(columns) && Array.isArray(data) && data.every(Array.isArray)) {
    const filter = ".columns as $names | [.data[] | [$names, .] | transpose | map({(.[0]): .[1]}) | add]";
    return ["the names of the columns beside their rows (orient=split)", filter];
  }
  for (const [key, value] of Object.entries(object)) {
    if (!LISTS.has(key) || !Array.isArray(value) || value.length === 0 || !value.every(isJsonRecord)) continue;
    const isWrapped = value.every((row) => isJsonRecord(row.row) && "row_idx" in row);
    return [`all rows in its field ${key}`, isWrapped ? `[.${key}[].row]` : `.${key}`];
  }
  const values = Object.values(object);
  if (isOfColumns(values)) return ["a column in each field", TURN];
  return values.length > 1 && values.every(isJsonRecord) ? ["a row in each field", "[.[]]"] : undefined;
}

/** Lists may be those of one row, such as its words and their tags: no word has a blank inside. */
function isOfColumns(values: readonly unknown[]): boolean {
  const [first] = values;
  if (values.length < 2 || !isJsonRecord(first)) {
    const lists = values.filter(Array.isArray);
    const isEven = lists.every(({ length }) => length > 1 && length === lists[0]!.length);
    const hasText = lists.some((list) => list.some((item) => typeof item === "string" && /\S\s+\S/.test(item)));
    return values.length > 1 && lists.length === values.length && isEven && hasText;
  }
  const rows = Object.keys(first).join();
  return /^0(?:,|$)/.test(rows) && values.every((value) => isJsonRecord(value) && Object.keys(value).join() === rows);
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).at(-1)!;
}

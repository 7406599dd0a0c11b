import { InvalidInputError } from "@blora/spec";
import { readText, splitLines } from "./read-text.ts";
import { rowOrigin, type Table, type TableRow } from "./table.ts";

/**
 * Reads one JSON object a line. The first object names the columns; a key that
 * a later one lacks is an absent cell.
 *
 * @throws InvalidInputError naming the file and row of a line that is no JSON object.
 */
export async function readJsonl(file: string): Promise<Table> {
  const rows: TableRow[] = [];
  let columns: readonly string[] | undefined;
  for (const [index, line] of splitLines(await readText(file)).entries()) {
    const fields = parseObject(line, rowOrigin(file, index + 1));
    columns ??= [...fields.keys()];
    rows.push({ number: index + 1, cells: columns.map((column) => fields.get(column)) });
  }
  return { file, columns: columns ?? [], rows, shortRows: 0 };
}

function parseObject(line: string, origin: string): Map<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidInputError(`${origin}: expected a JSON object, found text that is not JSON.`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInputError(`${origin}: expected a JSON object, found ${JSON.stringify(value)}.`);
  }
  return new Map(Object.entries(value));
}

import { InvalidInputError } from "@blora/spec";
import { nameOfFile } from "./hub-reference.ts";
import type { Table } from "./table.ts";
import { type TextTableOptions, textTable } from "./text-table.ts";

/**
 * Comma-separated text, read as Python's csv module reads it: a cell that
 * begins with a quote lasts to the quote that ends it, over commas and line
 * breaks; any other quote is text. Rows are counted in records, not in lines.
 *
 * @throws InvalidInputError naming the file and row with another number of cells or with an open quote, which
 *   Python takes for text up to the end of the file, or up to the quotes of a later row; and where quotes follow another dialect, whose cells Python
 *   makes others of
 */
export function parseCsv(file: string, text: string, options: TextTableOptions = {}): Table {
  const table = textTable(file, records(file, text), ",", options);
  requireQuotesAtStart(table);
  return table;
}

/** A program that writes a blank after each comma leaves it before the quote too, which is then text. */
function requireQuotesAtStart({ file, columns, rows }: Table): void {
  const column = columns.find(
    (_, index) => rows.length > 1 && rows.every(({ cells }) => /^\s+".*"\s*$/s.test(cells[index] as string)),
  );
  if (column === undefined) return;
  throw new InvalidInputError(
    `${file}: expected quotes right after the comma, found a blank before them in column ${JSON.stringify(column)}: such quotes are part of the text. Write it without the blanks; Python reads it by csv.reader(file, skipinitialspace=True).`,
  );
}

/** Empty lines are no records. */
function records(file: string, text: string): string[][] {
  const found: string[][] = [];
  for (let position = 0; position < text.length; ) {
    if (text[position] === "\n" || text[position] === "\r") {
      position++;
      continue;
    }
    const cells: string[] = [];
    do {
      const quoted = quotedText(text, position);
      if (quoted === undefined) {
        throw new InvalidInputError(
          `${nameOfFile(file)}: expected comma-separated values, found a quote in row ${found.length + 1} that nothing closes.`,
        );
      }
      const end = endOfCell(text, position + quoted.length);
      const plain = text.slice(position + quoted.length, end);
      if (plain.trim() !== "" && quoted.includes('\\"')) {
        throw new InvalidInputError(
          `${nameOfFile(file)}: expected quotes inside a cell to be doubled, found \\" in row ${found.length + 1}. Write "" for it: option("escape", "\\"") in Spark, doublequote=True in Python.`,
        );
      }
      if (plain.trim() !== "" && /[\r\n]/.test(quoted)) {
        throw new InvalidInputError(
          `${nameOfFile(file)}: expected comma-separated values, found a quote in row ${found.length + 1} that is closed lines later, within a text. Close it in its cell, or write it doubled, in a cell in quotes.`,
        );
      }
      cells.push(quoted.slice(1, -1).replaceAll('""', '"') + plain);
      position = end + 1;
    } while (text[position - 1] === ",");
    found.push(cells);
  }
  return found;
}

/** From the quote at `start` to the one that ends it; empty where there is none at `start`, undefined where it stays open. */
function quotedText(text: string, start: number): string | undefined {
  if (text[start] !== '"') return "";
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 2)) {
    if (text[quote + 1] !== '"') return text.slice(start, quote + 1);
  }
  return undefined;
}

/** Index of the comma or line break that ends unquoted text, or the length of all. */
function endOfCell(text: string, start: number): number {
  let end = start;
  while (end < text.length && text[end] !== "," && text[end] !== "\n" && text[end] !== "\r") end++;
  return end;
}

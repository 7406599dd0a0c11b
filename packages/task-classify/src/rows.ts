import { requireColumn, requireText, type Table } from "@blora/data";
import { type Example, InvalidInputError } from "@blora/spec";
import { classOf, labelText, numberOf } from "./cells.ts";
import type { ClassifyOptions } from "./options.ts";

/**
 * The examples of one table. A table without the label column holds rows to be answered.
 *
 * @param labelled whether every row must have a label
 * @throws InvalidInputError naming the file and column, or the row, that is wrong
 */
export function examplesOf(table: Table, options: ClassifyOptions, labelled: boolean): Example[] {
  const first = requireColumn(table, [options.text], "text");
  const second = options.pair === undefined ? undefined : requireColumn(table, [options.pair], "second text");
  const hasLabels = labelled || table.columns.includes(options.label);
  const label = hasLabels ? requireColumn(table, [options.label], "label") : undefined;
  const names = table.classNames?.get(options.label);
  return table.rows.map((row) => {
    const { origin } = row;
    const text = label === undefined ? undefined : storedLabel(row.cells[label], names, origin);
    if (labelled && text === undefined) {
      throw new InvalidInputError(`${origin}: expected a label in column ${options.label}, found an empty cell.`);
    }
    return {
      first: requireText(table, row, first),
      ...(second !== undefined && { second: requireText(table, row, second) }),
      ...(text !== undefined && { label: labelOf(text, options, origin) }),
      origin,
    };
  });
}

/** A class by its name, where the file numbers its classes and names the numbers. */
export function storedLabel(cell: unknown, names: readonly string[] | undefined, origin: string): string | undefined {
  const text = labelText(cell, origin);
  return (text === undefined ? undefined : names?.[Number(text)]) ?? text;
}

function labelOf(text: string, { kind, labels = [] }: ClassifyOptions, origin: string): number {
  return kind === "number" ? numberOf(text, origin) : classOf(text, labels, origin);
}

import { type Example, InvalidInputError } from "@blora/spec";
import { type LabelParser, labelParser } from "./labels.ts";
import { rowOrigin, type Table } from "./table.ts";
import type { GlueTask } from "./tasks.ts";

/**
 * The examples of one file.
 *
 * @param labelled false for test splits, whose labels are never read
 * @throws InvalidInputError naming the file and what it lacks, or the row that is wrong.
 */
export function toExamples(task: GlueTask, table: Table, labelled: boolean): Example[] {
  const first = requireColumn(table, task.first, "text");
  const second = task.second === undefined ? undefined : requireColumn(table, task.second, "second text");
  const readLabel = labelled ? labelReader(task, table) : undefined;
  return table.rows.map(({ number, cells }) => {
    const origin = rowOrigin(table.file, number);
    const label = readLabel?.(cells, origin);
    return {
      first: requireText(cells[first], table.columns[first]!, origin),
      ...(second === undefined ? {} : { second: requireText(cells[second], table.columns[second]!, origin) }),
      ...(label === undefined ? {} : { label }),
      origin,
    };
  });
}

function labelReader(task: GlueTask, table: Table): (cells: readonly unknown[], origin: string) => number | undefined {
  const column = requireColumn(table, task.label, "label");
  const parse: LabelParser = labelParser(task, table.file, table.labelNames);
  return (cells, origin) => parse(cells[column], origin);
}

function requireColumn(table: Table, names: readonly string[], what: string): number {
  const name = names.find((candidate) => table.columns.includes(candidate));
  if (name !== undefined) return table.columns.indexOf(name);
  throw new InvalidInputError(
    `${table.file}: expected a ${what} column named ${names.join(" or ")}, found the columns ${table.columns.join(", ")}.`,
  );
}

function requireText(cell: unknown, column: string, origin: string): string {
  if (typeof cell === "string") return cell;
  throw new InvalidInputError(
    `${origin}: expected text in column ${column}, found ${cell === undefined ? "nothing" : String(cell)}.`,
  );
}

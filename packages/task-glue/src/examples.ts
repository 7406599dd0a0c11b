import { requireColumn, requireText, type Table } from "@blora/data";
import type { Example } from "@blora/spec";
import { type LabelParser, labelParser } from "./labels.ts";
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
  return table.rows.map((row) => {
    const { cells, origin } = row;
    const label = readLabel?.(cells, origin);
    return {
      first: requireText(table, row, first),
      ...(second === undefined ? {} : { second: requireText(table, row, second) }),
      ...(label === undefined ? {} : { label }),
      origin,
    };
  });
}

function labelReader(task: GlueTask, table: Table): (cells: readonly unknown[], origin: string) => number | undefined {
  const column = requireColumn(table, task.label, "label");
  const storedNames = task.label.map((name) => table.classNames?.get(name)).find((names) => names !== undefined);
  const parse: LabelParser = labelParser(task, table.file, storedNames);
  return (cells, origin) => parse(cells[column], origin);
}

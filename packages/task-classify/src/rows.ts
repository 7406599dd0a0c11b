import { requireColumn, requireText, type Table } from "@blora/data";
import { type Example, InvalidInputError } from "@blora/spec";
import { createClassIndex, isEmpty, isUnlabelled, labelText, numberOf, requireExactLabel } from "./cells.ts";
import { spelled } from "./columns.ts";
import { type LabelCell, labelsOfCell } from "./label-lists.ts";
import type { ClassifyOptions } from "./options.ts";

/** Whether every row must have a label, may have one, or is answered whatever stands there. */
export type LabelUse = "required" | "read" | "unread";

/**
 * The examples of one table. A table without the label column holds rows to be answered.
 *
 * @throws InvalidInputError naming the file and column, or the row, that is wrong, and every class that is none
 */
export function examplesOf(table: Table, options: ClassifyOptions, use: LabelUse): Example[] {
  const first = requireColumn(table, [options.text], "text");
  const second = options.pair === undefined ? undefined : requireColumn(table, [options.pair], "second text");
  // In other capitals it is meant to be there, and is named as missing.
  const hasLabels = use === "required" || (use === "read" && spelled(table, options.label) !== undefined);
  const label = hasLabels ? requireColumn(table, [options.label], "label") : undefined;
  const names = table.classNames?.get(options.label);
  const classes = createClassIndex(options.labels ?? []);
  const answerOf = ({ cell, origin }: LabelCell): Pick<Example, "label" | "labels"> => {
    if (options.several === true) {
      const found = labelsOfCell({ cell, origin }, options.separator).map((name) => storedName(name, names));
      return { labels: found.map((name) => classes.indexOf(name, origin)).sort((a, b) => a - b) };
    }
    const text = storedName(labelText(cell, origin)!, names);
    if (options.kind === "number") return { label: numberOf(text, origin) };
    requireExactLabel(cell, origin);
    return { label: classes.indexOf(text, origin) };
  };
  const examples = table.rows.map((row) => {
    const { origin } = row;
    const cell = label === undefined ? undefined : row.cells[label];
    const isOpen = isUnlabelled(cell, options.labels);
    if (use === "required" && isOpen) throw unlabelled(options, table, label!, origin);
    return {
      first: requireText(table, row, first),
      ...(second !== undefined && { second: requireText(table, row, second) }),
      ...(!isOpen && answerOf({ cell, origin })),
      origin,
    };
  });
  classes.requireKnown();
  return examples;
}

function unlabelled(
  { label, several, labels }: ClassifyOptions,
  { rows }: Table,
  column: number,
  origin: string,
): InvalidInputError {
  const open = rows.filter(({ cells }) => isUnlabelled(cells[column], labels));
  const others = open.length - 1;
  const isMarked = open.some((row) => row.origin === origin && !isEmpty(row.cells[column]));
  const found = isMarked ? "-1, which marks a row without one" : "an empty cell";
  const more = others === 0 ? "" : `, as in ${others} other rows`;
  const none = several === true ? " A row of none of the classes has the list []." : "";
  return new InvalidInputError(`${origin}: expected a label in column ${label}, found ${found}${more}.${none}`);
}

/** A class by its name, where the file numbers its classes and names the numbers. */
export function storedName(text: string, names: readonly string[] | undefined): string {
  return names?.[Number(text)] ?? text;
}

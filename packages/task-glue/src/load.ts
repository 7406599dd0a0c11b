import { readTable } from "@blora/data";
import { type Example, InvalidInputError, type LoadOptions, type Split } from "@blora/spec";
import { toExamples } from "./examples.ts";
import { findGlueFiles } from "./splits.ts";
import type { GlueTask } from "./tasks.ts";

/** A split and what is worth telling the user about its file. */
export interface GlueSplit extends Split {
  /** Sentences such as "3 short rows were left out". */
  readonly notes: readonly string[];
}

/**
 * Reads a split by name, or a file by name, from a GLUE root or the folder of
 * one task. Labels of test splits are dropped, public or not: a score on them
 * is not comparable with anything.
 *
 * @throws NotFoundError | InvalidInputError naming file and row.
 */
export async function loadSplit(
  task: GlueTask,
  name: string,
  folder: string,
  { unlabelled = false }: LoadOptions = {},
): Promise<GlueSplit> {
  const { split, files, named, notes: chosen } = await findGlueFiles(task, name, folder);
  const labelled = !split.startsWith("test");
  const options = {
    ...(task.headerless !== undefined && labelled ? { columns: task.headerless } : {}),
    // The server counts the rows of a test split: none may be left out.
    skipShortRows: labelled && (task.skipsShortRows ?? false),
  };
  const examples: Example[] = [];
  let shortRows = 0;
  for (const file of files) {
    const table = await readTable(file, options);
    shortRows += table.shortRows;
    for (const example of toExamples(task, table, labelled && !unlabelled)) examples.push(example);
  }
  if (examples.length === 0) {
    const reason = shortRows > 0 ? `: all ${shortRows} were left out because they are cut short` : "";
    throw new InvalidInputError(`${files.join(", ")}: expected rows, found none${reason}.`);
  }
  const unread = !labelled || unlabelled;
  return {
    name: named ? name : split,
    examples,
    notes: [...chosen, ...notes(task, { split, named, unread }, examples, shortRows)],
  };
}

function notes(
  task: GlueTask,
  { split, named, unread }: { readonly split: string; readonly named: boolean; readonly unread: boolean },
  examples: readonly Example[],
  shortRows: number,
): string[] {
  const lines: string[] = [];
  if (shortRows > 0) lines.push(`${shortRows} rows of ${split} have too few cells and were left out.`);
  const official = task.rows[split];
  if (!named && official !== undefined && examples.length !== official) {
    lines.push(`${split} has ${examples.length} rows; the official split has ${official}.`);
  }
  const unlabelled = unread ? 0 : examples.filter(({ label }) => label === undefined).length;
  if (unlabelled > 0) lines.push(`${unlabelled} of ${examples.length} rows of ${split} have no label.`);
  return lines;
}

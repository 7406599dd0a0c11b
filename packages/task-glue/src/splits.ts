import { findSplit } from "@blora/data";
import type { GlueTask } from "./tasks.ts";

/** The files of one split, and what is in them. */
export interface GlueFiles {
  /** `train`, `validation…` or `test…`; for a named file what its name starts with, or else its stem. */
  readonly split: string;
  readonly files: readonly string[];
  /** Whether the user named the file rather than the split. */
  readonly named: boolean;
  /** What is to be said of the choice of files. */
  readonly notes: readonly string[];
}

/**
 * Finds a split (`train`, `validation_matched`, `dev`, …) or a file named
 * outright (`train_subset.tsv`) in `folder`, a GLUE root or the task's own.
 *
 * @throws NotFoundError | InvalidInputError listing what was looked for and what is there
 */
export async function findGlueFiles(task: GlueTask, name: string, folder: string): Promise<GlueFiles> {
  const split = normalizeSplit(name);
  const { files, namedStem, notes } = await findSplit(name, {
    folder,
    subfolders: task.folders,
    formats: [".tsv", ".jsonl", ".json", ".parquet"],
    stems: fileStems(split),
  });
  return namedStem === undefined
    ? { split, files, named: false, notes }
    : { split: splitOfFile(normalizeSplit(namedStem)), files, named: true, notes };
}

/** The official files call the Hub's `validation` `dev`. */
function normalizeSplit(split: string): string {
  return split.replace(/^dev(?=$|_)/, "validation");
}

/** Official and Hub names of a split; the diagnostic set is one file named after itself. */
function fileStems(split: string): string[] {
  const stems = [split, split.replace(/^validation/, "dev")];
  return split === "test" ? [...stems, "diagnostic"] : stems;
}

function splitOfFile(stem: string): string {
  return /^(train|validation|test)(?![a-z])/.exec(stem)?.[1] ?? stem;
}

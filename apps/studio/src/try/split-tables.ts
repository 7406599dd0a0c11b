import { parseTable } from "@blora/data";
import { NotFoundError } from "@blora/spec";
import type { TablesInMemory } from "@blora/task-classify";
import type { GivenData } from "./messages.ts";

/** What files of splits are called, as on the command line. */
const SPLITS = {
  train: /^(?:train|training)(?:[._-]|$)/i,
  validation: /^(?:validation|valid|val|dev|eval)(?:[._-]|$)/i,
} as const;

/**
 * The tables of each split: of a file alone `train`, of more those whose names say so. Others, such as a test split, are
 * left out.
 *
 * @throws NotFoundError where none of several files is named as the training split
 */
export function splitTables({ name, files }: GivenData): TablesInMemory {
  const tablesOf = (given: GivenData["files"]) => given.map((file) => parseTable(file.name, file.text));
  if (files.length === 1) return { train: tablesOf(files) };
  const ofSplit = (split: RegExp) => files.filter((file) => split.test(file.name));
  const [train, validation] = [ofSplit(SPLITS.train), ofSplit(SPLITS.validation)];
  if (train.length === 0) {
    throw new NotFoundError(
      `${name}: expected one file, or train.csv and perhaps validation.csv, found ${files.map((file) => file.name).join(", ")}.`,
    );
  }
  return { train: tablesOf(train), ...(validation.length > 0 && { validation: tablesOf(validation) }) };
}

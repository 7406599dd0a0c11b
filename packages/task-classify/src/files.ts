import { type DataFormat, ownFiles, readTable } from "@blora/data";
import type { Tables } from "./tables.ts";

const FORMATS: readonly DataFormat[] = [".csv", ".tsv", ".jsonl", ".json", ".parquet"];

/** The tables in a data file or folder, see `ownFiles`. */
export function tablesOfFiles(data: string): Tables {
  return {
    name: data,
    of: async (split) => {
      const found = await ownFiles(split, data, FORMATS);
      return found && { tables: await Promise.all(found.files.map((file) => readTable(file))), notes: found.notes };
    },
    has: async (split) => (await ownFiles(split, data, FORMATS)) !== undefined,
  };
}

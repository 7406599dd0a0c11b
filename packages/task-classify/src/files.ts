import { type DataFormat, ownFiles, readTable } from "@blora/data";
import type { Tables } from "./tables.ts";

const FORMATS: readonly DataFormat[] = [".csv", ".tsv", ".jsonl", ".parquet"];

/** The tables in a data file or folder, see `ownFiles`. */
export function tablesOfFiles(data: string): Tables {
  return {
    name: data,
    of: async (split) => {
      const files = await ownFiles(split, data, FORMATS);
      return files === undefined ? undefined : Promise.all(files.map((file) => readTable(file)));
    },
    has: async (split) => (await ownFiles(split, data, FORMATS)) !== undefined,
  };
}

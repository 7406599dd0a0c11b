import { type DataFormat, ownFiles, readTable, type Table } from "@blora/data";

const FORMATS: readonly DataFormat[] = [".csv", ".tsv", ".jsonl", ".parquet"];

/**
 * The tables of a split, see `ownFiles`.
 *
 * @returns undefined where the data have no such split, which only `validation` may lack
 * @throws NotFoundError naming what was looked for and what is there
 */
export async function tablesOf(split: string, data: string): Promise<readonly Table[] | undefined> {
  const files = await ownFiles(split, data, FORMATS);
  return files === undefined ? undefined : Promise.all(files.map((file) => readTable(file)));
}

/** Whether the data have a split, without reading it. */
export async function hasSplit(split: string, data: string): Promise<boolean> {
  return (await ownFiles(split, data, FORMATS)) !== undefined;
}

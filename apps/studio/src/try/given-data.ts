import type { GivenData } from "./messages.ts";

/** Beyond this many bytes rows take a page too long. */
const MOST_BYTES = 64 * 2 ** 20;
const READ = /\.(?:csv|tsv|jsonl|jsonlines|ndjson|json)$/i;

/**
 * The rows of a file, or of a folder's data files.
 *
 * @param name of the file or folder
 * @throws Error with a sentence for files that are too large, not of text, or none of data
 */
export async function givenData(name: string, files: readonly File[]): Promise<GivenData> {
  const read = files.length === 1 ? files : files.filter((file) => READ.test(file.name));
  if (read.length === 0) {
    const found = files.map((file) => file.name).slice(0, 8);
    throw new Error(
      `${name}: expected csv, tsv, jsonl or json files, found ${found.join(", ") || "no files"}. The command line reads parquet too.`,
    );
  }
  const size = read.reduce((total, file) => total + file.size, 0);
  if (size > MOST_BYTES) {
    throw new Error(
      `${name}: expected at most 64 MiB, found ${(size / 2 ** 20).toFixed(0)} MiB. The command line takes any size.`,
    );
  }
  return { name, files: await Promise.all(read.map(async (file) => ({ name: file.name, text: await textOf(file) }))) };
}

async function textOf(file: File): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch (cause) {
    throw new Error(`${file.name}: expected UTF-8 text, found other bytes.`, { cause });
  }
}

import { decodeText } from "@blora/spec";
import type { GivenData } from "./messages.ts";
import { unreadMessage } from "./unread.ts";

/** Beyond this many bytes rows take a page too long. */
const MOST_BYTES = 64 * 2 ** 20;
const READ = /\.(?:csv|tsv|jsonl|jsonlines|ndjson|json)$/i;

/**
 * The rows of a file, or of a folder's data files.
 *
 * @param name of the file or folder
 * @throws Error with a sentence for files that are too large, not of text, none of data, or of the same name
 */
export async function givenData(name: string, files: readonly File[]): Promise<GivenData> {
  const twice = files.find((file, index) => files.findIndex((other) => other.name === file.name) < index);
  if (twice !== undefined) throw new Error(`${name}: expected files with a name each, found ${twice.name} twice.`);
  const read = files.filter((file) => READ.test(file.name));
  if (read.length === 0) {
    if (files.length === 1) throw new Error(unreadMessage(files[0]!.name));
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
  const textOf = async (file: File) => decodeText(new Uint8Array(await file.arrayBuffer()), file.name);
  return {
    name,
    files: await Promise.all(read.map(async (file) => ({ name: file.name, text: await textOf(file) }))),
    others: files.filter((file) => !read.includes(file)).map((file) => file.name),
  };
}

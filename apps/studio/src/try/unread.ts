import { adviceOnName } from "@blora/data";

/** What is said of a file that is read elsewhere, or nowhere. */
export function unreadMessage(file: string): string {
  const advice = /\.(?:parquet|gz)$/i.test(file) ? " The command line reads this one too." : adviceOnName(file);
  return `${file}: expected a csv, tsv, jsonl or json file.${advice}`;
}

import { basename } from "node:path";
import { foreignEnding, parseFileName } from "@blora/data";
import { UsageError } from "../exit.ts";

/** How predictions of rows are written. */
export type PredictionFormat = "csv" | "tsv" | "jsonl";

/** What data files end in that are read, and never written. */
const READ_ONLY = /\.(?:json|parquet|gz)$/i;

/**
 * The format the name of a file asks for; csv where it asks for none.
 *
 * @throws UsageError for the name of a format that is not written
 */
export function predictionFormat(out: string | undefined): PredictionFormat {
  requireWritten(out, ".csv, .tsv or .jsonl");
  const format = out === undefined ? undefined : parseFileName(basename(out))?.format;
  if (format === ".tsv") return "tsv";
  return format === ".jsonl" ? "jsonl" : "csv";
}

/**
 * @param others ends of names beyond those that are never written
 * @throws UsageError for a name whose format none of `expected` is
 */
export function requireWritten(out: string | undefined, expected: string, others?: RegExp): void {
  if (out === undefined) return;
  const found = (READ_ONLY.exec(out) ?? others?.exec(out))?.[0] ?? foreignEnding(out);
  if (found === undefined) return;
  throw new UsageError(`--out ${out}: expected a name that ends in ${expected}, found ${found}. Nothing was answered.`);
}

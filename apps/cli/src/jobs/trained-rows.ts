import { basename, dirname, resolve } from "node:path";
import { readRunConfig } from "@blora/runs";
import { isJsonRecord } from "@blora/spec";

/** Says where a file that is scored whole is the one that the adapter's run learned from; undefined where it is another. */
export async function trainedRows(adapterFolder: string, file: string): Promise<string | undefined> {
  const data = (await readRunConfig(dirname(adapterFolder)))?.data;
  if (!isJsonRecord(data) || data.folder !== resolve(file) || !isJsonRecord(data.train)) return undefined;
  const held = Array.isArray(data.evaluation) ? data.evaluation.find(isJsonRecord)?.split : undefined;
  return `${basename(file)} is what the adapter was trained on: ${data.train.rows} of its rows were learned, so the score flatters. Those held out are scored with --split ${held ?? "validation"}.`;
}

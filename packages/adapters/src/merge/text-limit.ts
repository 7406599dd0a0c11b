import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile, readJsonFileIfPresent, writeFileDurably } from "@blora/files";

const TOKENIZER_CONFIG = "tokenizer_config.json";
const KEY = "model_max_length";

/**
 * Makes the tokenizer in a folder cut texts at a length: pipelines cut at `model_max_length`, which many a model leaves
 * at 1e30. A shorter one stays, and so does a folder without `tokenizer_config.json`.
 *
 * @param longest tokens; Infinity for no limit
 */
export async function limitTexts(folder: string, longest: number): Promise<void> {
  const path = join(folder, TOKENIZER_CONFIG);
  if (longest >= textLimitOf(folder) || !existsSync(path)) return;
  await writeFileDurably(path, `${JSON.stringify({ ...readJsonFile(path), [KEY]: longest }, null, 2)}\n`);
}

/** Tokens at which the tokenizer in a folder cuts texts; Infinity where nothing tells. */
export function textLimitOf(folder: string): number {
  const given = readJsonFileIfPresent(join(folder, TOKENIZER_CONFIG))?.[KEY];
  return typeof given === "number" && given >= 1 ? given : Infinity;
}

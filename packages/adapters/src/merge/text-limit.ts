import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJsonFileIfPresent, writeFileDurably } from "@blora/files";
import { limitedTokenizer, TOKENIZER_CONFIG, textLimitIn } from "./limited-tokenizer.ts";

/** `limitedTokenizer` of a folder, in place; one without `tokenizer_config.json` stays as it is. */
export async function limitTexts(folder: string, longest: number): Promise<void> {
  const path = join(folder, TOKENIZER_CONFIG);
  if (!existsSync(path)) return;
  const limited = limitedTokenizer(readFileSync(path), longest, path);
  if (limited !== undefined) await writeFileDurably(path, limited);
}

/** Tokens at which the tokenizer in a folder cuts texts; Infinity where nothing tells. */
export function textLimitOf(folder: string): number {
  return textLimitIn(readJsonFileIfPresent(join(folder, TOKENIZER_CONFIG)) ?? {});
}

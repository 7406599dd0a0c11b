import { readFile } from "node:fs/promises";
import { writeFileDurably } from "@blora/files";
import { parseStrictJsonObject } from "@blora/spec";

export const TOKENIZER_CONFIG = "tokenizer_config.json";

/**
 * Makes the tokenizer of an export cut texts where the model ends: pipelines cut at `model_max_length`, which
 * many a model leaves at 1e30.
 *
 * @param path of a `tokenizer_config.json`
 * @param longest tokens the model takes
 */
export async function limitTexts(path: string, longest: number): Promise<void> {
  const config = parseStrictJsonObject(await readFile(path), { origin: path });
  const { model_max_length: given } = config;
  if (typeof given === "number" && given <= longest) return;
  await writeFileDurably(path, `${JSON.stringify({ ...config, model_max_length: longest }, null, 2)}\n`);
}

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readBertFiles } from "./bert-files.ts";
import { readSentencePieceFiles, readTokenizerConfigs } from "./sentencepiece-files.ts";
import { sentencePieceJson } from "./sentencepiece-json.ts";

/**
 * Writes `tokenizer.json` and `tokenizer_config.json` for libraries that read
 * nothing else, such as transformers.js, made from the `spm.model`,
 * `tokenizer.model` or BERT's `vocab.txt` of a model folder.
 *
 * @returns the names of the files, none where the folder has no such file or its SentencePiece model is not of the plain Unigram kind
 * @throws InvalidInputError where a file is damaged
 */
export async function writeTokenizerJson(folder: string, to: string): Promise<string[]> {
  const configs = await readTokenizerConfigs(folder);
  const files = await readSentencePieceFiles(folder, configs);
  const json = files === undefined ? await readBertFiles(folder, configs) : sentencePieceJson(files);
  if (json === undefined) return [];
  await writeFile(join(to, "tokenizer.json"), JSON.stringify(json.tokenizer));
  await writeFile(join(to, "tokenizer_config.json"), `${JSON.stringify(json.config, null, 2)}\n`);
  return ["tokenizer.json", "tokenizer_config.json"];
}

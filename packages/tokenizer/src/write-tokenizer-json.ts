import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonRecord } from "@blora/spec";
import { readBertFiles } from "./bert-files.ts";
import { bertConfig, isBert } from "./bert-json.ts";
import { readByteLevelFiles } from "./byte-level-files.ts";
import { readChatTemplate } from "./chat-template-files.ts";
import { filesOfFolder } from "./folder-files.ts";
import { readJsonIfPresent } from "./json-file.ts";
import { type NamedTokens, withNamedTokens } from "./named-tokens.ts";
import { readSentencePieceFiles, readTokenizerConfigs, type TokenizerConfigs } from "./sentencepiece-files.ts";
import { sentencePieceJson } from "./sentencepiece-json.ts";
import { usualTokens } from "./special-tokens.ts";

const CONFIG = "tokenizer_config.json";

/**
 * Writes `tokenizer.json` and `tokenizer_config.json` for libraries that read
 * nothing else, such as transformers.js, made from the `vocab.json` and `merges.txt`, the `spm.model`,
 * `tokenizer.model` or BERT's `vocab.txt` of a model folder; of a folder that has the first, what it lacks: the second,
 * and tokens that the files beside it add or name. A chat template that lies in a file of its own goes into the second;
 * that of `to`, where an adapter's may have been written, before that of `folder`.
 *
 * @returns the names of the files, none where the folder has all of it or no such file, or its SentencePiece model is not of the plain Unigram kind
 * @throws InvalidInputError where a file is damaged
 */
export async function writeTokenizerJson(folder: string, to: string): Promise<string[]> {
  const made = await writeWhole(folder, to);
  return [...new Set([...made, ...(await writeChatTemplate(folder, to))])];
}

async function writeChatTemplate(folder: string, to: string): Promise<string[]> {
  const template = (await readChatTemplate(filesOfFolder(to))) ?? (await readChatTemplate(filesOfFolder(folder)));
  if (template === undefined) return [];
  const written = await readJsonIfPresent(filesOfFolder(to), CONFIG);
  const config = written ?? (await readJsonIfPresent(filesOfFolder(folder), CONFIG));
  if (config === undefined) return [];
  await writeConfig({ ...config, chat_template: template }, to);
  return [CONFIG];
}

async function writeWhole(folder: string, to: string): Promise<string[]> {
  const from = filesOfFolder(folder);
  const configs = await readTokenizerConfigs(from);
  const own = await readJsonIfPresent(from, "tokenizer.json");
  if (own !== undefined) {
    const whole = await writeNamedTokens(own, { folder, ...configs }, to);
    return configs.tokenizerConfig === undefined ? [...whole, ...(await writeImpliedConfig(own, configs, to))] : whole;
  }
  const files = await readSentencePieceFiles(from, configs);
  const json =
    (await readByteLevelFiles(from, configs)) ??
    (files === undefined ? await readBertFiles(from, configs) : sentencePieceJson(files));
  if (json === undefined) return [];
  await writeFile(join(to, "tokenizer.json"), JSON.stringify(json.tokenizer));
  await writeConfig(json.config, to);
  return ["tokenizer.json", CONFIG];
}

async function writeNamedTokens(json: JsonRecord, named: NamedTokens, to: string): Promise<string[]> {
  const whole = withNamedTokens(json, named);
  if (JSON.stringify(whole.added_tokens) === JSON.stringify(json.added_tokens ?? [])) return [];
  await writeFile(join(to, "tokenizer.json"), JSON.stringify(whole));
  return ["tokenizer.json"];
}

async function writeImpliedConfig(json: JsonRecord, { modelConfig }: TokenizerConfigs, to: string): Promise<string[]> {
  const config = isBert({}, modelConfig?.model_type)
    ? bertConfig({})
    : { tokenizer_class: "PreTrainedTokenizerFast", ...usualTokens(json) };
  await writeConfig(config, to);
  return [CONFIG];
}

function writeConfig(config: object, to: string): Promise<void> {
  return writeFile(join(to, CONFIG), `${JSON.stringify(config, null, 2)}\n`);
}

import { type JsonRecord, requireNoPointer } from "@blora/spec";
import { readChatTemplate } from "./chat-template-files.ts";
import { readJsonIfPresent } from "./json-file.ts";
import type { SentencePieceFiles } from "./sentencepiece-encoder.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

/** What the files beside a tokenizer say of its special tokens. */
export interface TokenizerConfigs {
  readonly tokenizerConfig: JsonRecord | undefined;
  readonly specialTokensMap: JsonRecord | undefined;
  /** `added_tokens.json`: token to id. */
  readonly addedTokens: JsonRecord | undefined;
  /** `config.json`, which names the model where `tokenizer_config.json` names no class. */
  readonly modelConfig: JsonRecord | undefined;
  /** As `tokenizer_config.json` has it, or the file of its own that counts before it. */
  readonly chatTemplate: unknown;
}

/** Names a SentencePiece model goes by. */
export const SENTENCEPIECE_FILES: readonly string[] = ["spm.model", "tokenizer.model"];

/** The SentencePiece model of a folder, under either name. */
export async function readSentencePieceFiles(
  files: TokenizerFiles,
  configs: TokenizerConfigs,
): Promise<SentencePieceFiles | undefined> {
  for (const name of SENTENCEPIECE_FILES) {
    const model = await files.read(name);
    if (model === undefined) continue;
    requireNoPointer(model, files.path(name));
    return { folder: files.folder, modelPath: files.path(name), model, ...configs };
  }
  return undefined;
}

export async function readTokenizerConfigs(
  files: TokenizerFiles,
  chatFiles?: TokenizerFiles,
): Promise<TokenizerConfigs> {
  const [tokenizerConfig, specialTokensMap, addedTokens, modelConfig, template] = await Promise.all([
    readJsonIfPresent(files, "tokenizer_config.json"),
    readJsonIfPresent(files, "special_tokens_map.json"),
    readJsonIfPresent(files, "added_tokens.json"),
    readJsonIfPresent(files, "config.json"),
    readChatTemplate(files),
  ]);
  const before = chatFiles && ((await readChatTemplate(chatFiles)) ?? (await templateInConfig(chatFiles)));
  return {
    tokenizerConfig,
    specialTokensMap,
    addedTokens,
    modelConfig,
    chatTemplate: before ?? template ?? tokenizerConfig?.chat_template,
  };
}

async function templateInConfig(files: TokenizerFiles): Promise<unknown> {
  return (await readJsonIfPresent(files, "tokenizer_config.json"))?.chat_template;
}

import { join } from "node:path";
import type { JsonRecord } from "@blora/spec";
import { readChatTemplate } from "./chat-template-files.ts";
import { readIfPresent, readJsonIfPresent } from "./json-file.ts";
import type { SentencePieceFiles } from "./sentencepiece-encoder.ts";

/** What the files beside a tokenizer say of its special tokens. */
export interface TokenizerConfigs {
  readonly tokenizerConfig: JsonRecord | undefined;
  readonly specialTokensMap: JsonRecord | undefined;
  /** `config.json`, which names the model where `tokenizer_config.json` names no class. */
  readonly modelConfig: JsonRecord | undefined;
  /** As `tokenizer_config.json` has it, or the file of its own that counts before it. */
  readonly chatTemplate: unknown;
}

/** Names a SentencePiece model goes by. */
export const SENTENCEPIECE_FILES: readonly string[] = ["spm.model", "tokenizer.model"];

/** The SentencePiece model of a folder, under either name. */
export async function readSentencePieceFiles(
  folder: string,
  configs: TokenizerConfigs,
): Promise<SentencePieceFiles | undefined> {
  for (const name of SENTENCEPIECE_FILES) {
    const modelPath = join(folder, name);
    const model = await readIfPresent(modelPath);
    if (model === undefined) continue;
    const addedTokens = await readJsonIfPresent(join(folder, "added_tokens.json"));
    return { modelPath, model, addedTokens, ...configs };
  }
  return undefined;
}

export async function readTokenizerConfigs(folder: string): Promise<TokenizerConfigs> {
  const [tokenizerConfig, specialTokensMap, modelConfig, template] = await Promise.all([
    readJsonIfPresent(join(folder, "tokenizer_config.json")),
    readJsonIfPresent(join(folder, "special_tokens_map.json")),
    readJsonIfPresent(join(folder, "config.json")),
    readChatTemplate(folder),
  ]);
  return {
    tokenizerConfig,
    specialTokensMap,
    modelConfig,
    chatTemplate: template ?? tokenizerConfig?.chat_template,
  };
}

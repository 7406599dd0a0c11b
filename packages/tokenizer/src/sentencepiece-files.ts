import { join } from "node:path";
import type { JsonRecord } from "@blora/spec";
import { readIfPresent, readJsonIfPresent } from "./json-file.ts";
import type { SentencePieceFiles } from "./sentencepiece-encoder.ts";

/** What the files beside a tokenizer say of its special tokens. */
export interface TokenizerConfigs {
  readonly tokenizerConfig: JsonRecord | undefined;
  readonly specialTokensMap: JsonRecord | undefined;
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
  const [tokenizerConfig, specialTokensMap] = await Promise.all(
    ["tokenizer_config.json", "special_tokens_map.json"].map((name) => readJsonIfPresent(join(folder, name))),
  );
  return { tokenizerConfig, specialTokensMap };
}

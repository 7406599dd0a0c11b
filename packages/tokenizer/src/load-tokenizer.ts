import { join } from "node:path";
import { NotFoundError, type Tokenizer } from "@blora/spec";
import { createAssemble } from "./assemble.ts";
import type { Encoder } from "./encoder.ts";
import { readIfPresent, readJsonIfPresent } from "./json-file.ts";
import { createLibraryEncoder } from "./library-encoder.ts";
import { createSentencePieceEncoder } from "./sentencepiece-encoder.ts";
import { specialTokenIds } from "./special-tokens.ts";
import { createUnigramJsonEncoder } from "./unigram-json.ts";

/**
 * Loads the tokenizer of a model folder: from `tokenizer.json` where there is
 * one, else from `spm.model`. Special tokens come from `tokenizer_config.json`
 * or `special_tokens_map.json`, else by their usual names.
 *
 * Throws `NotFoundError` where the folder has neither file and
 * `InvalidInputError` where a file is damaged or a special token is missing.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const [tokenizerConfig, specialTokensMap] = await Promise.all(
    ["tokenizer_config.json", "special_tokens_map.json"].map((name) => readJsonIfPresent(join(folder, name))),
  );
  const configs = [tokenizerConfig, specialTokensMap];

  const openEncoder = async (): Promise<Encoder> => {
    const jsonPath = join(folder, "tokenizer.json");
    const json = await readJsonIfPresent(jsonPath);
    if (json !== undefined) {
      const unigram = createUnigramJsonEncoder(json, jsonPath);
      if (unigram !== undefined) return unigram;
      if (tokenizerConfig !== undefined) return createLibraryEncoder(folder);
      throw new NotFoundError(
        `${folder} has a tokenizer.json, but not the tokenizer_config.json that says how to use it`,
      );
    }
    const modelPath = join(folder, "spm.model");
    const model = await readIfPresent(modelPath);
    if (model === undefined)
      throw new NotFoundError(`${folder} has no tokenizer: expected tokenizer.json or spm.model`);
    const addedTokens = await readJsonIfPresent(join(folder, "added_tokens.json"));
    return createSentencePieceEncoder({ modelPath, model, addedTokens, tokenizerConfig, specialTokensMap });
  };

  const { vocabulary, encode, decode } = await openEncoder();
  const special = specialTokenIds(vocabulary, configs, folder);
  let largestId = 0;
  for (const id of vocabulary.values()) largestId = Math.max(largestId, id);
  return { vocabularySize: largestId + 1, special, encode, decode, assemble: createAssemble(special) };
}

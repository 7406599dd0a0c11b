import { InvalidInputError } from "@blora/spec";
import { bertConfig, bertJson, isBert } from "./bert-json.ts";
import { withNamedTokens } from "./named-tokens.ts";
import type { TokenizerConfigs } from "./sentencepiece-files.ts";
import type { TokenizerJson } from "./sentencepiece-json.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";
import { textOfBytes } from "./utf8.ts";

/**
 * The tokenizer of a folder of BERT that has only `vocab.txt`. Undefined where it has none.
 *
 * @throws InvalidInputError where the folder says that it is of another kind
 */
export async function readBertFiles(
  files: TokenizerFiles,
  configs: TokenizerConfigs,
): Promise<TokenizerJson | undefined> {
  const path = files.path("vocab.txt");
  const vocabulary = await files.read("vocab.txt");
  if (vocabulary === undefined) return undefined;
  const { tokenizerConfig = {}, modelConfig } = configs;
  const { tokenizer_class: name } = tokenizerConfig;
  const modelType = modelConfig?.model_type;
  // A folder that names neither class nor model holds what such a file was made for.
  if (!isBert(tokenizerConfig, modelType) && (name !== undefined || modelType !== undefined)) {
    throw new InvalidInputError(
      `${path}: expected the vocabulary of a BERT beside no tokenizer.json, found one of ${name ?? modelType}. Add the model's tokenizer.json.`,
    );
  }
  const config = bertConfig(tokenizerConfig);
  const json = bertJson(textOfBytes(vocabulary), config, path);
  return { tokenizer: withNamedTokens(json, { folder: files.folder, ...configs }), config };
}

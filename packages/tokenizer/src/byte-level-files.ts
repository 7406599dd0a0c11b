import { NotFoundError } from "@blora/spec";
import { byteLevelConfig, byteLevelJson } from "./byte-level-json.ts";
import { readJsonIfPresent } from "./json-file.ts";
import { withNamedTokens } from "./named-tokens.ts";
import { withPrefixSetting } from "./prefix-setting.ts";
import type { TokenizerConfigs } from "./sentencepiece-files.ts";
import type { TokenizerJson } from "./sentencepiece-json.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";
import { textOfBytes } from "./utf8.ts";

/**
 * The tokenizer of a folder that has only `vocab.json` and `merges.txt`. Undefined where it has neither.
 *
 * @throws NotFoundError where one of the two is missing
 * @throws InvalidInputError where a file is damaged or the tokenizer is of no known family
 */
export async function readByteLevelFiles(
  files: TokenizerFiles,
  configs: TokenizerConfigs,
): Promise<TokenizerJson | undefined> {
  const { folder } = files;
  const [vocabulary, merges] = await Promise.all([readJsonIfPresent(files, "vocab.json"), files.read("merges.txt")]);
  if (vocabulary === undefined && merges === undefined) return undefined;
  if (vocabulary === undefined || merges === undefined) {
    throw new NotFoundError(`${folder}: expected vocab.json and merges.txt, which belong together, found one of them`);
  }
  const { tokenizerConfig = {}, modelConfig } = configs;
  const modelType = modelConfig?.model_type;
  const config = byteLevelConfig({ ...configs.specialTokensMap, ...tokenizerConfig }, modelType);
  const json = byteLevelJson({ folder, vocabulary, merges: textOfBytes(merges), tokenizerConfig: config, modelType });
  const named = withNamedTokens(json, { folder, ...configs, tokenizerConfig: config });
  return { tokenizer: withPrefixSetting(named, config, modelType), config };
}

import { sha256 } from "@blora/files";
import { type JsonRecord, NotFoundError, type Tokenizer } from "@blora/spec";
import { createAssemble, createLanguageModelAssemble } from "./assemble.ts";
import { readBertFiles } from "./bert-files.ts";
import { bertConfig, isBert, withBertSettings } from "./bert-json.ts";
import { readByteLevelFiles } from "./byte-level-files.ts";
import { createChatTemplate } from "./chat-template.ts";
import type { Encoder } from "./encoder.ts";
import { languageModelFrame, namedPairForm } from "./frame.ts";
import { readJsonIfPresent } from "./json-file.ts";
import { createLibraryEncoder } from "./library-encoder.ts";
import { withNamedTokens } from "./named-tokens.ts";
import { processedPairForm, readFrame } from "./post-processor.ts";
import { withPrefixSetting } from "./prefix-setting.ts";
import { requireModestGrowth } from "./replacement-growth.ts";
import { createSentencePieceEncoder } from "./sentencepiece-encoder.ts";
import {
  readSentencePieceFiles,
  readTokenizerConfigs,
  SENTENCEPIECE_FILES,
  type TokenizerConfigs,
} from "./sentencepiece-files.ts";
import { specialTokenIds, specialTokenTexts, usualTokens } from "./special-tokens.ts";
import { readStopIds } from "./stop-ids.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";
import { createUnigramJsonEncoder } from "./unigram-json.ts";
import { wellFormed } from "./utf8.ts";

/** @param config `tokenizer_config.json`, or what its absence implies */
async function openTokenizerJson(
  json: JsonRecord,
  config: JsonRecord,
  files: TokenizerFiles,
  { modelConfig }: TokenizerConfigs,
): Promise<Encoder> {
  const path = files.path("tokenizer.json");
  requireModestGrowth(json, path);
  const frame = () => readFrame(json, path);
  const pairForm = processedPairForm(json.post_processor);
  const unigram = createUnigramJsonEncoder(json, path);
  if (unigram !== undefined) return { ...unigram, frame, pairForm };
  const modelType = modelConfig?.model_type;
  const settled = isBert(config, modelType)
    ? withBertSettings(json, config)
    : withPrefixSetting(json, config, modelType);
  return { ...(await createLibraryEncoder(settled, config, files.folder)), frame, pairForm };
}

async function openSentencePiece(files: TokenizerFiles, configs: TokenizerConfigs): Promise<Encoder | undefined> {
  const model = await readSentencePieceFiles(files, configs);
  return model && createSentencePieceEncoder(model);
}

async function openWordPiece(files: TokenizerFiles, configs: TokenizerConfigs): Promise<Encoder | undefined> {
  const json = await readBertFiles(files, configs);
  return json && createLibraryEncoder(json.tokenizer, json.config, files.folder);
}

/**
 * The tokenizer of a model's files: from `tokenizer.json` where there is
 * one, else from `vocab.json` and `merges.txt`, else from `spm.model` or
 * `tokenizer.model`, else from BERT's `vocab.txt`. A chat template comes from
 * `chat_template.jinja`, else from `tokenizer_config.json`. Special tokens come from `tokenizer_config.json` or
 * `special_tokens_map.json`, else by their usual names among the special ones of `tokenizer.json`.
 *
 * Throws `NotFoundError` where the folder has none of these files and
 * `InvalidInputError` where a file is damaged or no token can pad.
 *
 * @param chatFiles whose chat template counts before that of `files`, where they have one
 */
export async function openTokenizer(files: TokenizerFiles, chatFiles?: TokenizerFiles): Promise<Tokenizer> {
  const { folder } = files;
  const configs = await readTokenizerConfigs(files, chatFiles);
  const { tokenizerConfig = {}, specialTokensMap, modelConfig, chatTemplate } = configs;
  const bare = await readJsonIfPresent(files, "tokenizer.json");
  const json = bare && withNamedTokens(bare, { folder, ...configs });
  const byteLevel = json === undefined ? await readByteLevelFiles(files, configs) : undefined;
  const implied = byteLevel?.config ?? impliedTokens(configs, json);
  const encoder =
    (json && (await openTokenizerJson(json, configs.tokenizerConfig ?? implied ?? {}, files, configs))) ??
    (byteLevel && (await createLibraryEncoder(byteLevel.tokenizer, byteLevel.config, folder))) ??
    (await openSentencePiece(files, configs)) ??
    (await openWordPiece(files, configs));
  if (encoder === undefined) {
    throw new NotFoundError(
      `${folder} has no tokenizer: expected tokenizer.json, vocab.json with merges.txt, ${SENTENCEPIECE_FILES.join(", ")} or vocab.txt`,
    );
  }
  const { vocabulary, encode, encodeWord, decode, frame } = encoder;
  const namings = [tokenizerConfig, specialTokensMap, implied];
  const special = specialTokenIds(vocabulary, namings, folder);
  const applyChatTemplate = createChatTemplate(chatTemplate, specialTokenTexts(vocabulary, namings), folder);
  const { pairForm = namedPairForm(tokenizerConfig.tokenizer_class, modelConfig?.model_type) } = encoder;
  let largestId = 0;
  for (const id of vocabulary.values()) largestId = Math.max(largestId, id);
  return {
    vocabularySize: largestId + 1,
    special,
    stopIds: await readStopIds(files, special.eos),
    encode: (text) => encode(wellFormed(text)),
    ...(encodeWord && { encodeWord: (word) => encodeWord(wellFormed(word)) }),
    decode,
    ...(applyChatTemplate && { applyChatTemplate, ...hashOf(chatTemplate) }),
    assemble:
      special.cls === undefined && special.sep === undefined
        ? createLanguageModelAssemble(frame?.() ?? languageModelFrame(special, tokenizerConfig), special)
        : createAssemble(special, pairForm),
  };
}

/** Special tokens where no file names them. */
function impliedTokens(
  { tokenizerConfig, modelConfig }: TokenizerConfigs,
  json: JsonRecord | undefined,
): JsonRecord | undefined {
  if (isBert(tokenizerConfig ?? {}, modelConfig?.model_type)) return bertConfig({});
  return json !== undefined && tokenizerConfig === undefined ? usualTokens(json) : undefined;
}

function hashOf(template: unknown): { readonly chatTemplateSha256?: string } {
  if (template === undefined || template === null) return {};
  const text = typeof template === "string" ? template : JSON.stringify(template);
  return { chatTemplateSha256: sha256(text) };
}

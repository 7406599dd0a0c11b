import { createHash } from "node:crypto";
import { join } from "node:path";
import { type JsonRecord, NotFoundError, type Tokenizer } from "@blora/spec";
import { createAssemble, createLanguageModelAssemble } from "./assemble.ts";
import { readBertFiles } from "./bert-files.ts";
import { bertConfig, isBert, withBertSettings } from "./bert-json.ts";
import { byteLevelJson } from "./byte-level-json.ts";
import { createChatTemplate } from "./chat-template.ts";
import type { Encoder } from "./encoder.ts";
import { languageModelFrame, readFrame } from "./frame.ts";
import { readIfPresent, readJsonIfPresent } from "./json-file.ts";
import { createLibraryEncoder } from "./library-encoder.ts";
import { namedPairForm, processedPairForm } from "./pair-form.ts";
import { createSentencePieceEncoder } from "./sentencepiece-encoder.ts";
import {
  readSentencePieceFiles,
  readTokenizerConfigs,
  SENTENCEPIECE_FILES,
  type TokenizerConfigs,
} from "./sentencepiece-files.ts";
import { specialTokenIds, specialTokenTexts, usualTokens } from "./special-tokens.ts";
import { readStopIds } from "./stop-ids.ts";
import { createUnigramJsonEncoder } from "./unigram-json.ts";
import { wellFormed } from "./utf8.ts";

/** @param config `tokenizer_config.json`, or what its absence implies */
async function openTokenizerJson(
  json: JsonRecord,
  config: JsonRecord,
  folder: string,
  { modelConfig }: TokenizerConfigs,
): Promise<Encoder> {
  const path = join(folder, "tokenizer.json");
  const frame = () => readFrame(json, path);
  const pairForm = processedPairForm(json.post_processor);
  const unigram = createUnigramJsonEncoder(json, path);
  if (unigram !== undefined) return { ...unigram, frame, pairForm };
  const isOfBert = isBert(config, modelConfig?.model_type);
  const settled = isOfBert ? withBertSettings(json, config) : json;
  return { ...(await createLibraryEncoder(settled, config, folder)), frame, pairForm };
}

async function openByteLevel(folder: string, { tokenizerConfig }: TokenizerConfigs): Promise<Encoder | undefined> {
  const [vocabulary, merges, addedTokens] = await Promise.all([
    readJsonIfPresent(join(folder, "vocab.json")),
    readIfPresent(join(folder, "merges.txt")),
    readJsonIfPresent(join(folder, "added_tokens.json")),
  ]);
  if (vocabulary === undefined && merges === undefined) return undefined;
  if (vocabulary === undefined || merges === undefined || tokenizerConfig === undefined) {
    throw new NotFoundError(
      `${folder}: expected vocab.json, merges.txt and tokenizer_config.json, which belong together, found not all of them`,
    );
  }
  const files = { folder, vocabulary, merges: merges.toString("utf8"), addedTokens, tokenizerConfig };
  return createLibraryEncoder(byteLevelJson(files), tokenizerConfig, folder);
}

async function openWordPiece(folder: string, configs: TokenizerConfigs): Promise<Encoder | undefined> {
  const json = await readBertFiles(folder, configs);
  return json && createLibraryEncoder(json.tokenizer, json.config, folder);
}

/**
 * Loads the tokenizer of a model folder: from `tokenizer.json` where there is
 * one, else from `vocab.json` and `merges.txt`, else from `spm.model` or
 * `tokenizer.model`, else from BERT's `vocab.txt`. A chat template comes from
 * `chat_template.jinja`, else from `tokenizer_config.json`. Special tokens come from `tokenizer_config.json` or
 * `special_tokens_map.json`, else by their usual names among the special ones of `tokenizer.json`.
 *
 * Throws `NotFoundError` where the folder has none of these files and
 * `InvalidInputError` where a file is damaged or no token can pad.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const configs = await readTokenizerConfigs(folder);
  const { tokenizerConfig = {}, specialTokensMap, modelConfig, chatTemplate } = configs;
  const json = await readJsonIfPresent(join(folder, "tokenizer.json"));
  const isBare = json !== undefined && configs.tokenizerConfig === undefined;
  const ownTokens = isBare ? usualTokens(json) : undefined;
  const implied = isBert(tokenizerConfig, modelConfig?.model_type) ? bertConfig({}) : ownTokens;
  const sentencePiece = async (): Promise<Encoder | undefined> => {
    const files = await readSentencePieceFiles(folder, configs);
    return files && createSentencePieceEncoder(files);
  };
  const encoder =
    (json && (await openTokenizerJson(json, configs.tokenizerConfig ?? implied ?? {}, folder, configs))) ??
    (await openByteLevel(folder, configs)) ??
    (await sentencePiece()) ??
    (await openWordPiece(folder, configs));
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
    stopIds: await readStopIds(folder, special.eos),
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

function hashOf(template: unknown): { readonly chatTemplateSha256?: string } {
  if (template === undefined || template === null) return {};
  const text = typeof template === "string" ? template : JSON.stringify(template);
  return { chatTemplateSha256: createHash("sha256").update(text).digest("hex") };
}

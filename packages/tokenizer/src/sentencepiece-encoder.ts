import { InvalidInputError, type JsonRecord, textOfJson } from "@blora/spec";
import { type AddedToken, addedToken, createSplitter } from "./added-tokens.ts";
import { createBytePair } from "./byte-pair.ts";
import { parseCharsmap } from "./charsmap.ts";
import { createPieceDecoder } from "./decode-pieces.ts";
import type { Encoder } from "./encoder.ts";
import { givenTokens, type NamedTokens } from "./named-tokens.ts";
import { parseSentencePieceModel, type SentencePieceModel } from "./sentencepiece-model.ts";
import { createSentencePieceNormalizer } from "./sentencepiece-normalizer.ts";
import { configuredTokens, specialTokenNames } from "./special-tokens.ts";
import { createUnigram } from "./unigram.ts";
import { bytesOfText } from "./utf8.ts";

export interface SentencePieceFiles extends NamedTokens {
  readonly modelPath: string;
  readonly model: Uint8Array;
}

/** Tokens that are found in the text itself: those that files give an id, and special ones that are pieces. */
function matchedTokens(
  files: SentencePieceFiles,
  vocabulary: ReadonlyMap<string, number>,
  given: readonly JsonRecord[],
): AddedToken[] {
  const named = [files.tokenizerConfig, files.specialTokensMap];
  const roles = [...specialTokenNames(vocabulary, named).values()].map((content): JsonRecord => ({ content }));
  const special = [...roles, ...configuredTokens(named)].filter(({ content }) => vocabulary.has(content as string));
  const names = new Set(special.map(({ content }) => content));
  const tokens = new Map<string, JsonRecord>();
  for (const token of [...given, ...special]) {
    const content = token.content as string;
    if (!tokens.has(content)) tokens.set(content, { ...token, id: vocabulary.get(content)! });
  }
  return [...tokens.values()].map((token) => {
    const found = addedToken(token, files.modelPath);
    // A model's text has no other form in which a token would be found.
    return { ...found, normalized: false, special: found.special || names.has(found.content) };
  });
}

function requireOwnIds({ addedTokens, modelPath }: SentencePieceFiles, pieces: readonly string[]): void {
  for (const [content, id] of Object.entries(addedTokens ?? {})) {
    if ((pieces[id as number] ?? content) === content) continue;
    throw new InvalidInputError(
      `added_tokens.json beside ${modelPath}: expected for ${JSON.stringify(content)} an id of ${pieces.length} or more, ` +
        `or that of the same piece, found ${JSON.stringify(id)}`,
    );
  }
}

/** DeBERTa's model file lacks the mask token: Hugging Face gives it the id after the last. */
function appendMask(vocabulary: Map<string, number>, tokenizerConfig: JsonRecord | undefined): void {
  const configured = tokenizerConfig?.mask_token;
  const name = typeof configured === "string" ? configured : "[MASK]";
  if (!specialTokenNames(vocabulary, [tokenizerConfig]).has("mask") && !vocabulary.has(name)) {
    vocabulary.set(name, vocabulary.size);
  }
}

/** What a SentencePiece model and the files beside it say together. */
export interface SentencePieceParts {
  readonly model: SentencePieceModel;
  readonly unknownId: number;
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Tokens that are found in a text before it is cut into pieces. */
  readonly matched: readonly AddedToken[];
  readonly lowercases: boolean;
  /** Whether only a section that begins the text gets a "▁" in front. */
  readonly prefixesFirst: boolean;
}

/** Hugging Face's reading of Llama's models; `legacy` is SentencePiece's own, section by section. */
function prefixesFirst({ tokenizerConfig }: SentencePieceFiles): boolean {
  return isLlama(tokenizerConfig) && tokenizerConfig?.legacy !== true;
}

function isLlama(config: JsonRecord | undefined): boolean {
  return /^(Code)?LlamaTokenizer/.test(textOfJson(config?.tokenizer_class));
}

/** `add_prefix_space` of `tokenizer_config.json` can leave out the "▁" that the model puts before a text. */
function withConfiguredPrefix(model: SentencePieceModel, config: JsonRecord | undefined): SentencePieceModel {
  return { ...model, addDummyPrefix: model.addDummyPrefix && !(isLlama(config) && config?.add_prefix_space === false) };
}

/** @throws InvalidInputError where a file is damaged or asks for what is not supported */
export function readSentencePiece(files: SentencePieceFiles): SentencePieceParts {
  const { modelPath, tokenizerConfig } = files;
  if (tokenizerConfig?.split_by_punct === true) {
    throw new InvalidInputError(
      `tokenizer_config.json beside ${modelPath}: split_by_punct is not supported without a tokenizer.json`,
    );
  }
  const model = withConfiguredPrefix(parseSentencePieceModel(files.model, modelPath), tokenizerConfig);
  const names = model.pieces.map(({ text }) => text);
  const vocabulary = new Map(names.map((name, id) => [name, id]));
  requireOwnIds(files, names);
  const given = givenTokens(files);
  for (const { content, id } of given) vocabulary.set(content as string, id as number);
  // Byte-pair models are language models, which mask nothing.
  if (model.algorithm === "unigram") appendMask(vocabulary, tokenizerConfig);

  const unknownId = model.pieces.findIndex(({ kind }) => kind === "unknown");
  if (unknownId < 0) throw new InvalidInputError(`${modelPath} has no unknown piece`);

  const lowercases = tokenizerConfig?.do_lower_case === true;
  const matched = matchedTokens(files, vocabulary, given);
  return { model, unknownId, vocabulary, matched, lowercases, prefixesFirst: prefixesFirst(files) };
}

/**
 * Encoder of a `spm.model`, with the ids of SentencePiece itself.
 *
 * A special or added token written out in a text ("[SEP]") becomes that token,
 * as in Hugging Face's tokenizers and unlike plain SentencePiece; the text on
 * either side of it is encoded on its own, with a "▁" in front of each or of the first alone.
 */
export function createSentencePieceEncoder(files: SentencePieceFiles): Encoder {
  const { model, unknownId, vocabulary, matched, lowercases, prefixesFirst } = readSentencePiece(files);
  const split = createSplitter(matched);
  const rules = {
    charsmap: model.charsmap.length === 0 ? undefined : parseCharsmap(model.charsmap, files.modelPath),
    addDummyPrefix: model.addDummyPrefix,
    removeExtraWhitespaces: model.removeExtraWhitespaces,
    userDefined: model.pieces.filter(({ kind }) => kind === "user-defined").map(({ text }) => bytesOfText(text)),
  };
  const prefixed = createSentencePieceNormalizer(rules);
  const unprefixed = createSentencePieceNormalizer({ ...rules, addDummyPrefix: false });
  const { pieces, byteFallback } = model;
  const segment =
    model.algorithm === "unigram"
      ? createUnigram({ pieces, unknownId, byteFallback, precision: "float32" })
      : createBytePair({ pieces, unknownId, byteFallback });

  return {
    vocabulary,
    decode: createPieceDecoder(model.pieces, matched, model.addDummyPrefix),
    encode: (text) =>
      split(text).flatMap((section, index) => {
        if (typeof section === "number") return [section];
        const normalize = prefixesFirst && (index > 0 || section.startsWith(" ")) ? unprefixed : prefixed;
        return segment(normalize(lowercases ? section.toLowerCase() : section));
      }),
  };
}

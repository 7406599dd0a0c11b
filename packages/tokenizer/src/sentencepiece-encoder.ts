import { InvalidInputError, type JsonRecord } from "@blora/spec";
import { type AddedToken, createSplitter } from "./added-tokens.ts";
import { createBytePair } from "./byte-pair.ts";
import { parseCharsmap } from "./charsmap.ts";
import { createPieceDecoder } from "./decode-pieces.ts";
import type { Encoder } from "./encoder.ts";
import { parseSentencePieceModel, type SentencePieceModel } from "./sentencepiece-model.ts";
import { createSentencePieceNormalizer } from "./sentencepiece-normalizer.ts";
import { specialTokenNames } from "./special-tokens.ts";
import { createUnigram } from "./unigram.ts";
import { bytesOfText } from "./utf8.ts";

export interface SentencePieceFiles {
  readonly modelPath: string;
  readonly model: Uint8Array;
  /** `added_tokens.json`: token to id. */
  readonly addedTokens: JsonRecord | undefined;
  readonly tokenizerConfig: JsonRecord | undefined;
  readonly specialTokensMap: JsonRecord | undefined;
}

function readAddedTokens(files: SentencePieceFiles, pieces: readonly string[]): [string, number][] {
  return Object.entries(files.addedTokens ?? {}).map(([content, id]) => {
    const isValid = Number.isSafeInteger(id) && (id as number) >= 0;
    if (isValid && (pieces[id as number] ?? content) === content) return [content, id as number];
    throw new InvalidInputError(
      `added_tokens.json beside ${files.modelPath}: expected for ${JSON.stringify(content)} an id of ${pieces.length} or more, ` +
        `or that of the same piece, found ${JSON.stringify(id)}`,
    );
  });
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
  return /^(Code)?LlamaTokenizer/.test(String(tokenizerConfig?.tokenizer_class)) && tokenizerConfig?.legacy !== true;
}

/** @throws InvalidInputError where a file is damaged or asks for what is not supported */
export function readSentencePiece(files: SentencePieceFiles): SentencePieceParts {
  const { modelPath, tokenizerConfig } = files;
  if (tokenizerConfig?.split_by_punct === true) {
    throw new InvalidInputError(
      `tokenizer_config.json beside ${modelPath}: split_by_punct is not supported without a tokenizer.json`,
    );
  }
  const model = parseSentencePieceModel(files.model, modelPath);
  const names = model.pieces.map(({ text }) => text);
  const vocabulary = new Map(names.map((name, id) => [name, id]));
  const added = readAddedTokens(files, names);
  for (const [content, id] of added) vocabulary.set(content, id);
  // Byte-pair models are language models, which mask nothing.
  if (model.algorithm === "unigram") appendMask(vocabulary, tokenizerConfig);

  const unknownId = model.pieces.findIndex(({ kind }) => kind === "unknown");
  if (unknownId < 0) throw new InvalidInputError(`${modelPath} has no unknown piece`);

  const specials = new Set(specialTokenNames(vocabulary, [tokenizerConfig, files.specialTokensMap]).values());
  const matched = [...new Set([...specials, ...added.map(([content]) => content)])].map(
    (content): AddedToken => ({
      id: vocabulary.get(content)!,
      content,
      normalized: false,
      lstrip: false,
      rstrip: false,
      singleWord: false,
      special: specials.has(content),
    }),
  );
  const lowercases = tokenizerConfig?.do_lower_case === true;
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

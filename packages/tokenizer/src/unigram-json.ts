import { InvalidInputError, isJsonRecord, type JsonRecord } from "@blora/spec";
import { createSplitter, readAddedTokens } from "./added-tokens.ts";
import { createPieceDecoder } from "./decode-pieces.ts";
import type { Encoder } from "./encoder.ts";
import { recordsOf } from "./json-file.ts";
import { createJsonNormalizer } from "./json-normalizer.ts";
import type { Piece } from "./sentencepiece-model.ts";
import { createUnigram } from "./unigram.ts";
import { bytesOfText } from "./utf8.ts";

interface PreTokenizer {
  /** Whether a text gets a "▁" in front. */
  readonly addsPrefix: boolean;
  /** Text of one section to the words that are segmented apart. `isFirst`: the section starts the text. */
  split(text: string, isFirst: boolean): readonly string[];
}

/** The `Metaspace` pre-tokenizer, alone or in a sequence, of which `WhitespaceSplit` may come first; undefined for any other. */
function createPreTokenizer(node: unknown): PreTokenizer | undefined {
  if (!isJsonRecord(node)) return undefined;
  if (node.type === "Sequence") {
    const parts = recordsOf(node.pretokenizers);
    const last = parts.length <= 2 ? createPreTokenizer(parts.at(-1)) : undefined;
    if (parts.length < 2 || last === undefined) return last;
    return parts[0]!.type === "WhitespaceSplit" ? betweenSpaces(last) : undefined;
  }
  const { replacement = "▁", prepend_scheme: scheme = node.add_prefix_space === false ? "never" : "always" } = node;
  if (node.type !== "Metaspace" || replacement !== "▁") return undefined;
  const splits = node.split !== false;
  return {
    addsPrefix: scheme !== "never",
    split: (text, isFirst) => {
      if (text === "") return [];
      const marked = text.replaceAll(" ", "▁");
      const isPrefixed = scheme === "always" || (scheme === "first" && isFirst);
      const prefixed = isPrefixed && !marked.startsWith("▁") ? `▁${marked}` : marked;
      return splits ? prefixed.split(/(?=▁)/u) : [prefixed];
    },
  };
}

/** Each part between white space on its own. */
function betweenSpaces({ addsPrefix, split }: PreTokenizer): PreTokenizer {
  return {
    addsPrefix,
    split: (text, isFirst) =>
      text
        .split(/\p{White_Space}+/u)
        .flatMap((word, index) => (word === "" ? [] : split(word, isFirst && index === 0))),
  };
}

function readPieces(model: JsonRecord, controls: ReadonlySet<number>, path: string): Piece[] {
  const byteFallback = model.byte_fallback === true;
  const vocabulary: readonly unknown[] = Array.isArray(model.vocab) ? model.vocab : [];
  return vocabulary.map((entry, id): Piece => {
    const [text, score]: readonly unknown[] = Array.isArray(entry) ? entry : [];
    if (typeof text !== "string" || typeof score !== "number") {
      throw new InvalidInputError(
        `${path}: expected [text, score] at model.vocab[${id}], found ${JSON.stringify(entry)}`,
      );
    }
    if (id === model.unk_id) return { text, score, kind: "unknown" };
    if (byteFallback && /^<0x[0-9A-F]{2}>$/.test(text)) return { text, score, kind: "byte" };
    return { text, score, kind: controls.has(id) ? "control" : "normal" };
  });
}

/**
 * Encoder of a `tokenizer.json` that holds a Unigram model, as every converted
 * SentencePiece model does. Undefined where it holds another model, or a
 * normalizer or pre-tokenizer this package leaves to the tokenizer library.
 */
export function createUnigramJsonEncoder(json: JsonRecord, path: string): Encoder | undefined {
  const model = json.model;
  if (!isJsonRecord(model) || !Array.isArray(model.vocab) || (model.type ?? "Unigram") !== "Unigram") return undefined;
  const normalize = createJsonNormalizer(json.normalizer);
  const preTokenizer = createPreTokenizer(json.pre_tokenizer);
  if (normalize === undefined || preTokenizer === undefined) return undefined;

  const added = readAddedTokens(json, path);
  const pieces = readPieces(model, new Set(added.map(({ id }) => id)), path);
  const unknownId = pieces.findIndex(({ kind }) => kind === "unknown");
  if (unknownId < 0) {
    throw new InvalidInputError(
      `${path}: expected model.unk_id to be the id of a piece, found ${JSON.stringify(model.unk_id)}`,
    );
  }
  const segment = createUnigram({
    pieces,
    unknownId,
    byteFallback: model.byte_fallback === true,
    precision: "float64",
  });
  const splitRaw = createSplitter(added.filter(({ normalized }) => !normalized));
  const splitNormalized = createSplitter(
    added.filter(({ normalized }) => normalized).map((token) => ({ ...token, content: normalize(token.content) })),
  );
  return {
    vocabulary: new Map([
      ...pieces.map(({ text }, id): [string, number] => [text, id]),
      ...added.map(({ content, id }): [string, number] => [content, id]),
    ]),
    decode: createPieceDecoder(pieces, added, preTokenizer.addsPrefix),
    encode: (text) =>
      splitRaw(text).flatMap((section, index) => {
        if (typeof section === "number") return [section];
        return splitNormalized(normalize(section)).flatMap((part, partIndex) => {
          if (typeof part === "number") return [part];
          return preTokenizer.split(part, index + partIndex === 0).flatMap((word) => segment(bytesOfText(word)));
        });
      }),
  };
}

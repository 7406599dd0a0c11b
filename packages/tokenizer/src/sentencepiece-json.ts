import type { JsonRecord } from "@blora/spec";
import type { AddedToken } from "./added-tokens.ts";
import { readSentencePiece, type SentencePieceFiles } from "./sentencepiece-encoder.ts";
import type { SentencePieceModel } from "./sentencepiece-model.ts";
import { specialTokenNames } from "./special-tokens.ts";

/** The files that libraries without SentencePiece read. */
export interface TokenizerJson {
  /** `tokenizer.json` */
  readonly tokenizer: JsonRecord;
  /** `tokenizer_config.json`, with the names of the special tokens. */
  readonly config: JsonRecord;
}

const KEYS = {
  cls: "cls_token",
  sep: "sep_token",
  pad: "pad_token",
  mask: "mask_token",
  unknown: "unk_token",
} as const;

/**
 * A Unigram SentencePiece model as a `tokenizer.json`: what
 * `createSentencePieceEncoder` does in the steps of Hugging Face's tokenizers.
 * Undefined for a byte-pair model and for user-defined pieces, which those steps have no place for.
 */
export function sentencePieceJson(files: SentencePieceFiles): TokenizerJson | undefined {
  const { model, unknownId, vocabulary, matched, lowercases } = readSentencePiece(files);
  const isUserDefined = model.pieces.some(({ kind }) => kind === "user-defined");
  if (model.algorithm !== "unigram" || isUserDefined) return undefined;
  const names = specialTokenNames(vocabulary, [files.tokenizerConfig, files.specialTokensMap]);
  const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: prependScheme(model), split: true };
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [...matched].sort((a, b) => a.id - b.id).map(writtenToken),
      normalizer: { type: "Sequence", normalizers: normalizersOf(model, lowercases) },
      pre_tokenizer: metaspace,
      post_processor: postProcessor(vocabulary, names.get("cls"), names.get("sep")),
      decoder: metaspace,
      model: {
        type: "Unigram",
        unk_id: unknownId,
        vocab: model.pieces.map(({ text, score }) => [text, score]),
        byte_fallback: model.byteFallback,
      },
    },
    config: {
      ...files.tokenizerConfig,
      ...Object.fromEntries(
        Object.entries(KEYS).flatMap(([role, key]) => {
          const name = names.get(role as keyof typeof KEYS);
          return name === undefined ? [] : [[key, name]];
        }),
      ),
    },
  };
}

function prependScheme({ addDummyPrefix }: SentencePieceModel): "always" | "never" {
  return addDummyPrefix ? "always" : "never";
}

function writtenToken({ id, content, normalized, lstrip, rstrip, singleWord, special }: AddedToken): JsonRecord {
  return { id, content, single_word: singleWord, lstrip, rstrip, normalized, special };
}

/** Case, the character map, then the white space it leaves: one space at most, and none at either end. */
function normalizersOf({ charsmap, removeExtraWhitespaces }: SentencePieceModel, lowercases: boolean): JsonRecord[] {
  return [
    ...(lowercases ? [{ type: "Lowercase" }] : []),
    ...(charsmap.length > 0
      ? [{ type: "Precompiled", precompiled_charsmap: Buffer.from(charsmap).toString("base64") }]
      : []),
    ...(removeExtraWhitespaces
      ? [
          { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
          { type: "Strip", strip_left: true, strip_right: true },
        ]
      : []),
  ];
}

/** [CLS] A [SEP], and [CLS] A [SEP] B [SEP]; null where the vocabulary lacks the two. */
function postProcessor(
  vocabulary: ReadonlyMap<string, number>,
  cls: string | undefined,
  sep: string | undefined,
): JsonRecord | null {
  if (cls === undefined || sep === undefined) return null;
  const token = (id: string, type_id: number): JsonRecord => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id: number): JsonRecord => ({ Sequence: { id, type_id } });
  const single = [token(cls, 0), text("A", 0), token(sep, 0)];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, text("B", 1), token(sep, 1)],
    special_tokens: Object.fromEntries(
      [cls, sep].map((name) => [name, { id: name, ids: [vocabulary.get(name)!], tokens: [name] }]),
    ),
  };
}

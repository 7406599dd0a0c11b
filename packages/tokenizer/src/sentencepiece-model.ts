import { InvalidInputError } from "@blora/spec";
import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";

/** What a piece of a SentencePiece model is for (`ModelProto.SentencePiece.Type`). */
export type PieceKind = "normal" | "unknown" | "control" | "user-defined" | "unused" | "byte";

export interface Piece {
  readonly text: string;
  /** Log probability; 0 for pieces that are not found in text. */
  readonly score: number;
  readonly kind: PieceKind;
}

/** The parts of a SentencePiece `ModelProto` that decide ids. */
export interface SentencePieceModel {
  /** How a text is cut into pieces: the most probable ones, or neighbours joined by rank. */
  readonly algorithm: "unigram" | "byte-pair";
  /** By id. */
  readonly pieces: readonly Piece[];
  readonly byteFallback: boolean;
  /** Compiled character map; empty for the identity. */
  readonly charsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
}

// Field numbers of sentencepiece_model.proto.
const MODEL = { pieces: 1, trainer: 2, normalizer: 3 } as const;
const PIECE = { text: 1, score: 2, kind: 3 } as const;
const TRAINER = { modelType: 3, treatWhitespaceAsSuffix: 24, byteFallback: 35 } as const;
const NORMALIZER = { charsmap: 2, addDummyPrefix: 3, removeExtraWhitespaces: 4, escapeWhitespaces: 5 } as const;
const ALGORITHMS: Readonly<Record<number, SentencePieceModel["algorithm"]>> = { 1: "unigram", 2: "byte-pair" };
const PIECE_KINDS: readonly PieceKind[] = ["normal", "normal", "unknown", "control", "user-defined", "unused", "byte"];

type FieldReaders = Readonly<Record<number, (reader: BinaryReader) => void>>;

/** Reads one message, giving each known field to its reader and skipping the rest. */
function readMessage(bytes: Uint8Array, fields: FieldReaders): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = fields[field];
    if (read === undefined) reader.skip(wireType as WireType, field);
    else read(reader);
  }
}

function readPiece(bytes: Uint8Array): Piece {
  const piece: { text: string; score: number; kind: PieceKind } = { text: "", score: 0, kind: "normal" };
  readMessage(bytes, {
    [PIECE.text]: (reader) => {
      piece.text = reader.string();
    },
    [PIECE.score]: (reader) => {
      piece.score = reader.float();
    },
    [PIECE.kind]: (reader) => {
      piece.kind = PIECE_KINDS[reader.int32()] ?? "unused";
    },
  });
  return piece;
}

/**
 * Reads the bytes of a SentencePiece model (`spm.model`).
 *
 * Throws `InvalidInputError` naming `origin` where the bytes are no such model
 * or the model is neither of the Unigram nor of the byte-pair kind.
 */
export function parseSentencePieceModel(bytes: Uint8Array, origin: string): SentencePieceModel {
  const pieces: Piece[] = [];
  const settings = {
    modelType: 1,
    suffix: false,
    byteFallback: false,
    charsmap: new Uint8Array(),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
  };
  try {
    readMessage(bytes, {
      [MODEL.pieces]: (reader) => pieces.push(readPiece(reader.bytes())),
      [MODEL.trainer]: (reader) =>
        readMessage(reader.bytes(), {
          [TRAINER.modelType]: (field) => {
            settings.modelType = field.int32();
          },
          [TRAINER.treatWhitespaceAsSuffix]: (field) => {
            settings.suffix = field.bool();
          },
          [TRAINER.byteFallback]: (field) => {
            settings.byteFallback = field.bool();
          },
        }),
      [MODEL.normalizer]: (reader) =>
        readMessage(reader.bytes(), {
          [NORMALIZER.charsmap]: (field) => {
            settings.charsmap = field.bytes() as Uint8Array<ArrayBuffer>;
          },
          [NORMALIZER.addDummyPrefix]: (field) => {
            settings.addDummyPrefix = field.bool();
          },
          [NORMALIZER.removeExtraWhitespaces]: (field) => {
            settings.removeExtraWhitespaces = field.bool();
          },
          [NORMALIZER.escapeWhitespaces]: (field) => {
            settings.escapeWhitespaces = field.bool();
          },
        }),
    });
  } catch (cause) {
    throw new InvalidInputError(`${origin} is not a SentencePiece model: ${(cause as Error).message}`, { cause });
  }
  if (pieces.length === 0) throw new InvalidInputError(`${origin} is not a SentencePiece model: it holds no pieces`);
  const algorithm = ALGORITHMS[settings.modelType];
  if (algorithm === undefined || settings.suffix || !settings.escapeWhitespaces) {
    throw new InvalidInputError(
      `${origin}: expected a Unigram or byte-pair SentencePiece model that marks word starts with "▁", found model type ` +
        `${settings.modelType}. Convert it to tokenizer.json first.`,
    );
  }
  const { byteFallback, charsmap, addDummyPrefix, removeExtraWhitespaces } = settings;
  return { algorithm, pieces, byteFallback, charsmap, addDummyPrefix, removeExtraWhitespaces };
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Piece } from "../src/sentencepiece-model.ts";
import { createUnigram } from "../src/unigram.ts";

const UNKNOWN: Piece = { text: "<unk>", score: 0, kind: "unknown" };
const normal = (text: string, score: number): Piece => ({ text, score, kind: "normal" });
const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

/** Best score of all segmentations, by trying every one. */
function exhaustiveBest(text: string, scores: ReadonlyMap<string, number>, unknown: number): number {
  if (text === "") return 0;
  let best = scores.has(text[0]!) ? Number.NEGATIVE_INFINITY : unknown + exhaustiveBest(text.slice(1), scores, unknown);
  for (const [piece, score] of scores) {
    if (text.startsWith(piece))
      best = Math.max(best, score + exhaustiveBest(text.slice(piece.length), scores, unknown));
  }
  return best;
}

describe("createUnigram", () => {
  it("finds a segmentation with the best score of all", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "é"), minLength: 1, maxLength: 4 });
    const vocabulary = fc.uniqueArray(fc.tuple(word, fc.integer({ min: -40, max: -1 })), {
      selector: ([text]) => text,
      minLength: 1,
      maxLength: 12,
    });
    const text = fc.string({ unit: fc.constantFrom("a", "b", "é", "z"), maxLength: 9 });
    fc.assert(
      fc.property(vocabulary, text, (entries, input) => {
        const pieces = [UNKNOWN, ...entries.map(([piece, score]) => normal(piece, score))];
        const unknown = Math.min(0, ...entries.map(([, score]) => score)) - 10;
        const segment = createUnigram({ pieces, unknownId: 0, byteFallback: false, precision: "float64" });
        const ids = segment(bytes(input));
        const merged = ids.filter((id) => id === 0).length;
        const unknownCharacters = unknownCount(input, ids, pieces);
        const score = ids.reduce((sum, id) => sum + (id === 0 ? 0 : pieces[id]!.score), unknownCharacters * unknown);
        expect(merged).toBeLessThanOrEqual(unknownCharacters);
        expect(score + 0).toBe(exhaustiveBest(input, new Map(entries), unknown) + 0);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps, of equal paths, the one whose last piece is longest", () => {
    const pieces = [UNKNOWN, normal("a", -1), normal("aa", -2)];
    const segment = createUnigram({ pieces, unknownId: 0, byteFallback: false, precision: "float64" });
    expect(segment(bytes("aaa"))).toEqual([1, 2]);
  });

  it("makes one token of a run of unknown characters", () => {
    const pieces = [UNKNOWN, normal("a", -1)];
    const segment = createUnigram({ pieces, unknownId: 0, byteFallback: false, precision: "float32" });
    expect(segment(bytes("a日本aé"))).toEqual([1, 0, 1, 0]);
  });

  it("falls back to the bytes of an unknown character in their order", () => {
    const byte = (value: number): Piece => ({
      text: `<0x${value.toString(16).toUpperCase().padStart(2, "0")}>`,
      score: 0,
      kind: "byte",
    });
    const pieces = [UNKNOWN, normal("a", -1), ...Array.from({ length: 256 }, (_, value) => byte(value))];
    const segment = createUnigram({ pieces, unknownId: 0, byteFallback: true, precision: "float32" });
    expect(segment(bytes("aé"))).toEqual([1, 2 + 0xc3, 2 + 0xa9]);
    // A byte piece is never found by its name.
    expect(segment(bytes("<"))).toEqual([2 + 0x3c]);
  });

  it("prefers a user-defined piece to its parts, whatever its score", () => {
    const pieces: Piece[] = [
      UNKNOWN,
      normal("a", -1),
      normal("b", -1),
      { text: "ab", score: -90, kind: "user-defined" },
    ];
    const segment = createUnigram({ pieces, unknownId: 0, byteFallback: false, precision: "float32" });
    expect(segment(bytes("aabb"))).toEqual([1, 3, 2]);
  });
});

/** Characters of the text that the ids leave unknown: those the known pieces do not cover. */
function unknownCount(input: string, ids: readonly number[], pieces: readonly Piece[]): number {
  const known = ids.reduce((sum, id) => sum + (id === 0 ? 0 : pieces[id]!.text.length), 0);
  return input.length - known;
}

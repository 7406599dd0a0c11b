import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Tokenizer } from "@blora/spec";
import { beforeAll, describe, expect, it } from "vitest";
import { loadTokenizer } from "../src/index.ts";

const data = process.env.BLORA_DATA;
const folder = join(data ?? "", "tokenizers", "deberta-v3");

describe.skipIf(!data)("DeBERTaV3's spm.model", () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(folder);
  });

  it("gives the ids of SentencePiece for every golden text", () => {
    const golden = readFileSync(join(folder, "golden_sentencepiece.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { text: string; ids: number[] });
    expect(golden.length).toBeGreaterThan(100);
    expect(golden.map(({ text }) => tokenizer.encode(text))).toEqual(golden.map(({ ids }) => ids));
  });

  it("has the special tokens and the size of the published model", () => {
    expect(tokenizer.special).toEqual({ pad: 0, cls: 1, sep: 2, unknown: 3, mask: 128000 });
    expect(tokenizer.vocabularySize).toBe(128001);
  });

  it("makes a special token of one that is written out, and encodes each side on its own", () => {
    const { encode } = tokenizer;
    expect(encode("cats [SEP] dogs[MASK]")).toEqual([...encode("cats"), 2, ...encode("dogs"), 128000]);
  });

  it("encodes a text of a megabyte, with and without spaces, like its repeated part", () => {
    const unit = tokenizer.encode("peaches, slowly");
    const long = tokenizer.encode("peaches, slowly ".repeat(65_536));
    expect(long.length).toBe(65_536 * unit.length);
    expect(long.slice(-unit.length)).toEqual(unit);
    expect(tokenizer.encode("x".repeat(1_000_000)).length).toBeGreaterThan(10_000);
    expect(tokenizer.encode(" ".repeat(1_000_000))).toEqual([]);
  });

  it("treats a lone surrogate as the replacement character", () => {
    expect(tokenizer.encode("a\ud800b")).toEqual(tokenizer.encode("a\ufffdb"));
  });
});

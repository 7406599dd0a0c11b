import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Tokenizer } from "@blora/spec";
import { beforeAll, describe, expect, it } from "vitest";
import { loadTokenizer } from "../src/index.ts";

interface Golden {
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly pairs: readonly {
    readonly first: string;
    readonly second: string;
    readonly length: number;
    readonly ids: readonly number[];
    readonly segments: readonly number[];
  }[];
}

const FOLDER = fileURLToPath(new URL("../../../fixtures/wordpiece/", import.meta.url));
const golden = JSON.parse(readFileSync(`${FOLDER}golden.json`, "utf8")) as Golden;

describe("a WordPiece tokenizer.json", () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(FOLDER);
  });

  it.each(golden.texts)("gives Hugging Face's ids for $text", ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it.each(golden.pairs)("assembles and cuts a pair to $length tokens", ({ first, second, length, ids, segments }) => {
    const assembled = tokenizer.assemble(tokenizer.encode(first), tokenizer.encode(second), length);
    expect(assembled.inputIds).toEqual(ids);
    expect(assembled.tokenTypeIds).toEqual(segments);
  });

  it("has BERT's special tokens", () => {
    expect(tokenizer.special).toEqual({ pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 });
  });
});

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { loadTokenizer } from "@blora/tokenizer";
import { AutoTokenizer, env, type PreTrainedTokenizer } from "@huggingface/transformers";
import { beforeAll, describe, expect, test } from "vitest";
import { merge, trainBytePairs } from "../scripts/bpe.ts";
import { FIRST_PIECE_ID, modelConfig, tokenizerConfig, tokenizerJson } from "../scripts/model-files.ts";
import { splitWords } from "../scripts/words.ts";
import { acceptabilityExamples, builtinModelFolder } from "../src/index.ts";

describe("byte-pair encoding", () => {
  test("merges the most frequent pair first, ties in code unit order", () => {
    const counts = new Map([
      ["low", 5],
      ["lower", 2],
      ["newest", 6],
      ["widest", 3],
    ]);
    const { merges, pieces } = trainBytePairs(counts, [..."deilnorstw"], 15);
    // es and st occur 9 times each: es comes first and leaves est; then lo (7), then low.
    expect(merges).toEqual([
      ["e", "s"],
      ["es", "t"],
      ["l", "o"],
      ["lo", "w"],
      ["e", "w"],
    ]);
    expect(pieces.slice(10)).toEqual(["es", "est", "lo", "low", "ew"]);
  });

  test("never merges across a character outside the alphabet", () => {
    const { merges } = trainBytePairs(new Map([["a\u00e9b", 9]]), ["a", "b"], 10);
    expect(merges).toEqual([]);
  });

  test("joins runs of one letter from the left", () => {
    expect(merge(["a", "a", "a"], "a", "a")).toEqual(["aa", "a"]);
  });
});

describe("the built-in tokenizer", () => {
  let tokenizer: PreTrainedTokenizer;

  beforeAll(async () => {
    env.allowRemoteModels = false;
    env.localModelPath = dirname(builtinModelFolder());
    tokenizer = await AutoTokenizer.from_pretrained("model");
  });

  test("has 8192 pieces with the special ones first", () => {
    const { model } = JSON.parse(readFileSync(`${builtinModelFolder()}/tokenizer.json`, "utf8"));
    const ids = Object.values(model.vocab as Record<string, number>).sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 8192 }, (_, id) => id));
    expect(tokenizer.encode("[PAD][CLS][SEP][UNK][MASK]", { add_special_tokens: false })).toEqual([0, 1, 2, 3, 4]);
  });

  test("gives the ids that Hugging Face's own tokenizers library gives", () => {
    for (const { text, ids } of GOLDEN) expect(tokenizer.encode(text), text).toEqual(ids);
  });

  test("is read by this project's tokenizer package with the same ids", async () => {
    const own = await loadTokenizer(builtinModelFolder());
    expect(own.vocabularySize).toBe(8192);
    expect(own.special).toEqual({ pad: 0, cls: 1, sep: 2, unknown: 3, mask: 4 });
    for (const { text, ids } of GOLDEN)
      expect(own.assemble(own.encode(text), undefined, 64).inputIds, text).toEqual(ids);
  });

  test("reads text with and without spaces around punctuation alike", () => {
    const encode = (text: string) => tokenizer.encode(text);
    expect(encode("It's good, isn't it?")).toEqual(encode("it 's good , isn 't it ?"));
  });

  test("knows every character, through bytes where it must", () => {
    const ids = tokenizer.encode("\u65e5\ud83d\ude00\u00df", { add_special_tokens: false });
    expect(ids).not.toContain(3);
    expect(ids.length).toBeGreaterThan(8);
  });

  test("keeps nearly every word of the task whole", () => {
    const sentences = acceptabilityExamples("validation", 500).map(({ first }) => first);
    const count = sentences.reduce((sum, text) => sum + splitWords(text).length, 0);
    const pieces = sentences.reduce(
      (sum, text) => sum + tokenizer.encode(text, { add_special_tokens: false }).length,
      0,
    );
    expect(pieces / count).toBeLessThan(1.1);
  });

  test("was trained on the words its pre-tokenizer makes", () => {
    for (const text of ["Caf\u00e9 don't 1987!", "a--b (c) $5.00 \u2013 \u00c9t\u00e9", "x\u00a0y_z"]) {
      const pieces = tokenizer.tokenize(text).join("");
      expect(pieces, text).toBe(splitWords(text).join("").replace("\u2013", "<0xE2><0x80><0x93>"));
    }
  });

  test("comes with the files its scripts write", () => {
    const read = (name: string): unknown => JSON.parse(readFileSync(`${builtinModelFolder()}/${name}`, "utf8"));
    const { model } = read("tokenizer.json") as {
      model: { vocab: Record<string, number>; merges: [string, string][] };
    };
    const pieces = Object.entries(model.vocab)
      .filter(([, id]) => id >= FIRST_PIECE_ID)
      .sort(([, a], [, b]) => a - b)
      .map(([piece]) => piece);
    expect(read("tokenizer.json")).toEqual(tokenizerJson({ pieces, merges: model.merges }));
    expect(read("config.json")).toEqual(modelConfig);
    expect(read("tokenizer_config.json")).toEqual(tokenizerConfig);
  });
});

/** Made with `tokenizers` 0.23 for Python. */
const GOLDEN: readonly { text: string; ids: readonly number[] }[] = [
  { text: "the dogs near the house run .", ids: [1, 333, 6371, 1088, 333, 1970, 1335, 335, 2] },
  {
    text: "It's a charming, unflinching story!",
    ids: [1, 398, 505, 336, 332, 2748, 342, 1296, 6941, 6412, 899, 1312, 2],
  },
  { text: "Caf\u00e9 1987 \u65e5", ids: [1, 1251, 5398, 582, 768, 1143, 1270, 261, 235, 156, 170, 2] },
  { text: "a [MASK] b", ids: [1, 332, 4, 348, 2] },
];

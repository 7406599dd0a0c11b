import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { AutoTokenizer } from "@huggingface/transformers";
import { describe, expect, it } from "vitest";
import { writeTokenizerJson } from "../src/index.ts";
import { tokenizerOf } from "./folder-fixture.ts";
import { sentencePieceModel } from "./sentencepiece-fixture.ts";

/** Ids are those of transformers 5.24 on the same files. */
const FLAGS = { lstrip: false, rstrip: false, single_word: false, normalized: false };
const marker = { ...FLAGS, content: "[E1]", special: true };
const word = { ...FLAGS, content: "newWord", special: false, normalized: true };

describe("vocab.txt of BERT", () => {
  const files = {
    "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nnew\nword\n##word\nx\ny\n[E0]\n",
    "config.json": { model_type: "bert" },
  };
  const text = "a newWord NEWWORD x[E1]y [E0]";
  const added = [5, 13, 13, 9, 12, 10, 1, 1, 1];
  const plain = [5, 6, 8, 6, 8, 9, 1, 1, 1, 10];

  it("has the tokens of added_tokens.json", async () => {
    const { encode, vocabularySize } = await tokenizerOf({
      ...files,
      "added_tokens.json": { "[E1]": 12, newWord: 13 },
    });
    expect(encode(text)).toEqual(added);
    expect(vocabularySize).toBe(14);
  });

  it("finds tokens with any character that a regular expression means something by", async () => {
    const names = ["<|im-start|>", "[E/1]", "a.b*c+d?", "(x){2}^$", "\\w", "#-#", "<&~=!:,>"];
    const { encode } = await tokenizerOf({
      ...files,
      "added_tokens.json": Object.fromEntries(names.map((name, index) => [name, 12 + index])),
    });
    expect(names.map((name) => encode(`x ${name} y`))).toEqual(names.map((_, index) => [9, 12 + index, 10]));
  });

  it("has the tokens of added_tokens_decoder, and leaves the special ones out of text", async () => {
    const config = { tokenizer_class: "BertTokenizer", added_tokens_decoder: { 12: marker, 13: word } };
    const { encode, decode } = await tokenizerOf({ ...files, "tokenizer_config.json": config });
    expect(encode(text)).toEqual(added);
    expect(decode([5, 12, 13])).toBe("a newWord");
  });

  for (const names of [
    { additional_special_tokens: ["[E0]"] },
    { extra_special_tokens: { mark: "[E0]" } },
    { extra_special_tokens: [{ content: "[E0]", ...FLAGS }] },
  ]) {
    it(`finds a special token of ${JSON.stringify(names)}`, async () => {
      const config = { tokenizer_class: "BertTokenizer", ...names };
      expect((await tokenizerOf({ ...files, "tokenizer_config.json": config })).encode(text)).toEqual([...plain, 11]);
    });
  }

  it("refuses an added token without an id, and an id without a token, by file", async () => {
    await expect(tokenizerOf({ ...files, "added_tokens.json": { "[E1]": "12" } })).rejects.toThrow(
      /added_tokens\.json in .*expected an id for "\[E1\]", found "12"/,
    );
    const config = { tokenizer_class: "BertTokenizer", added_tokens_decoder: { 12: "[E1]" } };
    await expect(tokenizerOf({ ...files, "tokenizer_config.json": config })).rejects.toThrow(InvalidInputError);
  });
});

describe("tokenizer.json", () => {
  const json = {
    version: "1.0",
    added_tokens: [] as object[],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: { a: 0, b: 1, "<end>": 2, "<": 3, e: 4, n: 5, d: 6, ">": 7, m: 8 }, merges: [] },
  };

  it("has the special tokens that its configuration names among the vocabulary", async () => {
    const config = { eos_token: { ...FLAGS, content: "<end>" } };
    const { encode, decode } = await tokenizerOf({ "tokenizer.json": json, "tokenizer_config.json": config });
    expect(encode("a<end>b")).toEqual([0, 2, 1]);
    expect(decode([0, 2, 1])).toBe("ab");
  });

  it("leaves a token out of text that only the configuration calls special", async () => {
    const known = { ...json, added_tokens: [{ ...FLAGS, id: 2, content: "<end>", special: false }] };
    const files = { "tokenizer.json": known, "tokenizer_config.json": { eos_token: "<end>" } };
    expect((await tokenizerOf(files)).decode([0, 2, 1])).toBe("ab");
  });

  it("has the tokens that added_tokens_decoder alone has, and its own in their own way", async () => {
    const known = { ...json, added_tokens: [{ ...FLAGS, id: 2, content: "<end>", special: false, lstrip: true }] };
    const config = {
      eos_token: "<end>",
      added_tokens_decoder: { 2: { ...FLAGS, content: "<end>" }, 9: { ...FLAGS, content: "<m>", special: false } },
    };
    const { encode, decode } = await tokenizerOf({ "tokenizer.json": known, "tokenizer_config.json": config });
    expect(encode("a<m>b <end>")).toEqual([0, 9, 1, 2]);
    expect(decode([0, 9, 1])).toBe("a<m>b");
  });

  it("is written with them for libraries that read nothing else", async () => {
    const folder = await mkdtemp(join(tmpdir(), "blora-named-"));
    const config = { eos_token: "<end>", added_tokens_decoder: { 9: { ...FLAGS, content: "<m>", special: false } } };
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    expect(await writeTokenizerJson(folder, folder)).toEqual(["tokenizer.json"]);
    const library = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
    expect(library.encode("a<m>b<end>", { add_special_tokens: false })).toEqual([0, 9, 1, 2]);
    expect(await writeTokenizerJson(folder, folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it("takes a name that the vocabulary lacks for no token", async () => {
    const config = { eos_token: "<end>", pad_token: "<pad>", additional_special_tokens: ["<em>"] };
    const { encode, special } = await tokenizerOf({ "tokenizer.json": json, "tokenizer_config.json": config });
    expect(encode("<em>")).toEqual([3, 4, 8, 7]);
    expect(special).toEqual({ eos: 2, pad: 2 });
  });
});

describe("tokenizer.model", () => {
  const model = sentencePieceModel({
    modelType: 2,
    removeExtraWhitespaces: false,
    pieces: [
      ["<unk>", 0, "unknown"],
      ["<s>", 0, "control"],
      ["</s>", 0, "control"],
      ["▁", -1],
      ["a", -2],
      ["b", -3],
      ["▁a", -4],
      ["<x>", 0, "control"],
    ],
  });
  const config = { tokenizer_class: "LlamaTokenizer", bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" };
  const load = (settings: object) =>
    tokenizerOf({ "tokenizer.model": model, "tokenizer_config.json": { ...config, ...settings } });

  it("has the tokens of added_tokens_decoder, which take white space along", async () => {
    const { encode, decode, vocabularySize } = await load({
      added_tokens_decoder: {
        8: { ...FLAGS, content: "<|im_end|>", special: true },
        9: { ...FLAGS, content: "<l>", special: false, lstrip: true },
        10: { ...FLAGS, content: "<r>", special: false, rstrip: true },
      },
    });
    expect(encode("a<|im_end|>b")).toEqual([6, 8, 5]);
    expect(encode("a  <l>b")).toEqual([6, 9, 5]);
    expect(encode("a<r>  b")).toEqual([6, 10, 5]);
    expect(decode([6, 8, 5, 9])).toBe("ab<l>");
    expect(vocabularySize).toBe(11);
  });

  it("finds further special tokens that are pieces", async () => {
    expect((await load({ additional_special_tokens: ["<x>"] })).encode("a<x>b")).toEqual([6, 7, 5]);
    expect((await load({})).encode("a<x>b")).toEqual([6, 0, 5]);
  });

  it("puts no space before a text where add_prefix_space says so", async () => {
    expect((await load({ add_prefix_space: false })).encode("a b")).toEqual([4, 3, 5]);
    expect((await load({})).encode("a b")).toEqual([6, 3, 5]);
  });

  it("has its own special tokens beside the config.json of a family that has others", async () => {
    const { special } = await tokenizerOf({ "tokenizer.model": model, "config.json": { model_type: "qwen2" } });
    expect(special).toEqual({ unknown: 0, bos: 1, eos: 2, pad: 2, cls: 1, sep: 2 });
  });

  it("ends each text where add_eos_token says so", async () => {
    const { assemble } = await load({ add_bos_token: true, add_eos_token: true });
    expect(assemble([6], undefined, 9).inputIds).toEqual([1, 6, 2]);
    expect(assemble([6], [5], 9).inputIds).toEqual([1, 6, 2, 1, 5, 2]);
  });
});

import { describe, expect, it } from "vitest";
import { tokenizerOf } from "./folder-fixture.ts";

/** Ids are those of transformers 5.24 on the same files. */
const SPACE = "\u0120";
const MERGES = `#version: 0.2\na b\n${SPACE} a\n`;

describe("vocab.json and merges.txt", () => {
  const END = "<|endoftext|>";
  const vocabulary = { a: 0, b: 1, ab: 2, [END]: 3, [SPACE]: 4, [`${SPACE}a`]: 5 };
  const files = { "vocab.json": vocabulary, "merges.txt": MERGES };

  for (const model of ["phi", "qwen2", "qwen3", "gpt2"]) {
    it(`are read by the model's type, with the tokens of its class: ${model}`, async () => {
      const { encode, decode, special } = await tokenizerOf({ ...files, "config.json": { model_type: model } });
      expect(encode(`ab${END} a b`)).toEqual([2, 3, 5, 4, 1]);
      expect(decode([2, 3, 5])).toBe("ab a");
      expect(special).toMatchObject({ eos: 3, pad: 3 });
    });
  }

  it("put a space before a text where add_prefix_space says so", async () => {
    const config = { tokenizer_class: "GPT2Tokenizer", eos_token: END, add_prefix_space: true };
    const { encode } = await tokenizerOf({ ...files, "tokenizer_config.json": config });
    expect(encode("ab a")).toEqual([4, 2, 5]);
    expect(encode("a")).toEqual([5]);
  });

  it("are refused where nothing says whose they are", async () => {
    await expect(tokenizerOf(files)).rejects.toThrow(/expected a tokenizer_class of .*found none\. Add the model's/);
  });
});

describe("vocab.json and merges.txt of RoBERTa", () => {
  const tokens = ["<s>", "<pad>", "</s>", "<unk>", "a", "b", "ab", SPACE, `${SPACE}a`, "<mask>"];
  const files = {
    "vocab.json": Object.fromEntries(tokens.map((token, id) => [token, id])),
    "merges.txt": MERGES,
    "config.json": { model_type: "roberta" },
  };

  it("need no other file", async () => {
    const { encode, assemble, special } = await tokenizerOf(files);
    expect(special).toEqual({ cls: 0, sep: 2, pad: 1, mask: 9, unknown: 3, bos: 0, eos: 2 });
    expect(assemble(encode("ab a"), undefined, 9).inputIds).toEqual([0, 6, 8, 2]);
    expect(assemble(encode("ab"), encode("a"), 9).inputIds).toEqual([0, 6, 2, 2, 4, 2]);
    expect(encode("ab <mask> a")).toEqual([6, 9, 8]);
  });

  it("take the names of special_tokens_map.json", async () => {
    const mask = { content: "<mask>", lstrip: false, rstrip: false, normalized: false, single_word: false };
    const { encode } = await tokenizerOf({ ...files, "special_tokens_map.json": { mask_token: mask } });
    expect(encode("ab <mask> a")).toEqual([6, 7, 9, 8]);
  });
});

describe("add_prefix_space of tokenizer_config.json", () => {
  const json = (prefix: boolean) => ({
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: prefix, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: { a: 0, [SPACE]: 1, [`${SPACE}a`]: 2, "</s>": 3 }, merges: [`${SPACE} a`] },
  });
  const load = (prefix: boolean, config: object, model = "llama") =>
    tokenizerOf({
      "tokenizer.json": json(prefix),
      "tokenizer_config.json": { eos_token: "</s>", ...config },
      "config.json": { model_type: model },
    });

  it("decides for GPT-2's and RoBERTa's classes, whatever tokenizer.json says", async () => {
    for (const name of ["RobertaTokenizer", "GPT2TokenizerFast", "CodeGenTokenizer"]) {
      expect((await load(false, { tokenizer_class: name, add_prefix_space: true })).encode("a")).toEqual([2]);
      expect((await load(true, { tokenizer_class: name })).encode("a")).toEqual([0]);
    }
    expect((await load(false, { add_prefix_space: true }, "roberta")).encode("a")).toEqual([2]);
    expect((await load(true, {}, "phi")).encode("a")).toEqual([0]);
  });

  it("changes nothing of a class that reads tokenizer.json as it is", async () => {
    const config = { tokenizer_class: "PreTrainedTokenizerFast", add_prefix_space: true };
    expect((await load(false, config)).encode("a")).toEqual([0]);
    expect((await load(true, { ...config, add_prefix_space: false })).encode("a")).toEqual([2]);
  });

  it("leaves out the mark before a text of Llama's classes", async () => {
    const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false };
    const prepend = {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    };
    const model = { type: "BPE", vocab: { a: 0, "▁": 1, "▁a": 2, "</s>": 3 }, merges: ["▁ a"] };
    for (const steps of [
      { pre_tokenizer: metaspace, normalizer: null },
      { pre_tokenizer: null, normalizer: prepend },
    ]) {
      const files = { "tokenizer.json": { ...json(false), ...steps, decoder: null, model } };
      const config = { tokenizer_class: "LlamaTokenizer", eos_token: "</s>" };
      const plain = await tokenizerOf({ ...files, "tokenizer_config.json": config });
      expect(plain.encode("a a")).toEqual([2, 2]);
      const bare = await tokenizerOf({ ...files, "tokenizer_config.json": { ...config, add_prefix_space: false } });
      expect(bare.encode("a a")).toEqual([0, 2]);
    }
  });
});

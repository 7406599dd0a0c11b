import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoTokenizer } from "@huggingface/transformers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadTokenizer } from "../src/index.ts";
import { charsmap } from "./sentencepiece-fixture.ts";

const CONFIG = {
  tokenizer_class: "DebertaV2Tokenizer",
  cls_token: "[CLS]",
  sep_token: { content: "[SEP]", __type: "AddedToken" },
  pad_token: "[PAD]",
  mask_token: "[MASK]",
  unk_token: "[UNK]",
};
const SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"];
const special = (content: string, id: number) => ({
  id,
  content,
  special: true,
  normalized: false,
  lstrip: content === "[MASK]",
  rstrip: false,
  single_word: false,
});
const WORDS: readonly (readonly [string, number])[] = [
  ["▁", -3.1],
  ["▁the", -2.2],
  ["▁th", -4.3],
  ["th", -4.1],
  ["e", -3.7],
  ["t", -4.9],
  ["h", -4.8],
  ["▁ca", -3.3],
  ["ts", -5.2],
  ["c", -6.1],
  ["a", -4.4],
  ["s", -3.6],
];
const UNIGRAM = {
  version: "1.0",
  added_tokens: SPECIAL.map(special),
  normalizer: null,
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  post_processor: null,
  decoder: null,
  model: { type: "Unigram", unk_id: 3, byte_fallback: false, vocab: [...SPECIAL.map((name) => [name, 0]), ...WORDS] },
};

describe("a folder with tokenizer.json", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "blora-tokenizer-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (json: object, config: object | undefined = CONFIG) => {
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    if (config !== undefined) await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    return loadTokenizer(folder);
  };

  it("gives a Unigram model the ids of AutoTokenizer", async () => {
    const { encode, special: ids } = await write(UNIGRAM);
    expect(ids).toEqual({ pad: 0, cls: 1, sep: 2, unknown: 3, mask: 4 });
    expect(encode("the cats")).toEqual([6, 12, 13]);
    const reference = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
    const unit = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(..."theca  s") }, fc.constantFrom("q", "[SEP]", "é"));
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), (units) => {
        // AutoTokenizer joins unknown characters of neighbouring words; Hugging Face's own library does not.
        const text = units.join("").replaceAll(/([qé]) +(?=[qé])/g, "$1");
        expect(encode(text)).toEqual(reference.encode(text, { add_special_tokens: false }));
      }),
      { numRuns: 300 },
    );
  });

  it("gives the text of ids back without special tokens", async () => {
    const added_tokens = [...UNIGRAM.added_tokens, { ...special("<up>", 17), special: false }];
    const { decode } = await write({ ...UNIGRAM, added_tokens });
    expect(decode([1, 6, 12, 13, 17, 2, 0])).toBe("the cats<up>");
    expect(decode([])).toBe("");
  });

  it("takes the white space a token strips along with it", async () => {
    const { encode } = await write(UNIGRAM);
    expect(encode("the [MASK] the")).toEqual([6, 4, 6]);
    expect(encode("the[SEP]")).toEqual([6, 2]);
  });

  it("applies the character map of a Precompiled normalizer exactly, not as NFKC", async () => {
    const precompiled_charsmap = Buffer.from(charsmap({ T: "t", "™": "the" })).toString("base64");
    const normalizer = {
      type: "Sequence",
      normalizers: [
        { type: "Precompiled", precompiled_charsmap },
        { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
        { type: "Strip", strip_left: true, strip_right: true },
      ],
    };
    const { encode } = await write({ ...UNIGRAM, normalizer });
    expect(encode("  The   cats ")).toEqual([6, 12, 13]);
    expect(encode("™")).toEqual([6]);
  });

  it("takes control characters out, makes a space of invisible ones and drops accents, as the steps say", async () => {
    const normalizer = { type: "Sequence", normalizers: [{ type: "Nmt" }, { type: "NFD" }, { type: "StripAccents" }] };
    const { encode } = await write({ ...UNIGRAM, normalizer });
    expect(encode("th\u0001\u00e9\u200bcats\u007f")).toEqual([6, 12, 13]);
  });

  it("cuts at white space of any kind before the words are marked", async () => {
    const pre_tokenizer = { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, UNIGRAM.pre_tokenizer] };
    const { encode } = await write({ ...UNIGRAM, pre_tokenizer });
    expect(encode(" the\n\u0085\u3000cats ")).toEqual([6, 12, 13]);
    expect(encode(" \n")).toEqual([]);
  });

  it("finds added tokens that are matched after normalization", async () => {
    const added_tokens = [...UNIGRAM.added_tokens, { ...special("<LOW>", 17), normalized: true }];
    const { encode } = await write({ ...UNIGRAM, added_tokens, normalizer: { type: "Lowercase" } });
    expect(encode("THE<low>The")).toEqual([6, 17, 6]);
  });

  it("hands any other model to the tokenizer library", async () => {
    const vocab = Object.fromEntries([...SPECIAL, "the", "cat", "##s"].map((name, id) => [name, id]));
    const json = {
      ...UNIGRAM,
      pre_tokenizer: { type: "BertPreTokenizer" },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      normalizer: {
        type: "BertNormalizer",
        lowercase: true,
        clean_text: true,
        strip_accents: null,
        handle_chinese_chars: true,
      },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab,
      },
    };
    const tokenizer = await write(json, { ...CONFIG, tokenizer_class: "BertTokenizer" });
    expect(tokenizer.encode("The cats dog")).toEqual([5, 6, 7, 3]);
    expect(tokenizer.decode([1, 5, 6, 7, 2])).toBe("the cats");
    expect(tokenizer.decode([])).toBe("");
    expect(tokenizer.vocabularySize).toBe(8);
    expect(tokenizer.encode("the cats ".repeat(60_000)).length).toBe(180_000);
    await rm(join(folder, "tokenizer_config.json"));
    expect((await loadTokenizer(folder)).encode("The cats dog")).toEqual([5, 6, 7, 3]);
  });

  it("names the file and the fault of a damaged tokenizer.json", async () => {
    await writeFile(join(folder, "tokenizer.json"), "{");
    await expect(loadTokenizer(folder)).rejects.toThrow(/tokenizer\.json: expected JSON: /);
    const badPiece = { ...UNIGRAM, model: { ...UNIGRAM.model, vocab: [["a", "b"]] } };
    await expect(write(badPiece)).rejects.toThrow(/\[text, score\] at model\.vocab\[0\], found \["a","b"\]/);
    const badUnknown = { ...UNIGRAM, model: { ...UNIGRAM.model, unk_id: 99 } };
    await expect(write(badUnknown)).rejects.toThrow(/model\.unk_id to be the id of a piece, found 99/);
    const badToken = { ...UNIGRAM, added_tokens: [{ id: -1, content: "x" }] };
    await expect(write(badToken)).rejects.toThrow(/added tokens with an id and content/);
  });
});

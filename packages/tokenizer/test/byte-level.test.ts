import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInputError, NotFoundError, type Tokenizer } from "@blora/spec";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadTokenizer } from "../src/index.ts";

const data = process.env.BLORA_DATA;
const published = (name: string): string => join(data ?? "", "tokenizers", name);

interface Golden {
  readonly text: string;
  readonly ids: readonly number[];
}

const readGolden = (path: string): Golden[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Golden);

/** Characters of one to four bytes, joined and not, and what pre-tokenizers cut at. */
const anyText = fc.array(
  fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 4 }),
    fc.constantFrom(
      " ",
      "  ",
      "\n",
      "\r\n",
      "\t",
      "'s",
      "I'LL",
      "2026",
      "é",
      "e\u0301",
      "\u00a0",
      "日本",
      "😀",
      "👩‍🚀",
    ),
  ),
  { maxLength: 20 },
);

function testRoundTrip(load: () => Tokenizer, normalize: (text: string) => string): void {
  it("gives any text back from its ids", () => {
    const { encode, decode } = load();
    fc.assert(
      fc.property(anyText, (parts) => {
        const text = parts.join("");
        expect(decode(encode(text))).toBe(normalize(text));
      }),
      { numRuns: 300 },
    );
  });

  it("gives the replacement character for ids that end inside a character", () => {
    const { encode, decode } = load();
    const ids = encode("ok \u{1f98a}");
    expect(decode(ids)).toBe("ok \u{1f98a}");
    expect(ids.length).toBeGreaterThan(2);
    expect(decode(ids.slice(0, -1))).toMatch(/^ok ?\ufffd+$/);
  });

  it("leaves special tokens out, and ids beyond the vocabulary", () => {
    const { encode, decode, special, vocabularySize } = load();
    expect(decode([special.eos!, ...encode("ab"), vocabularySize, special.eos!])).toBe("ab");
    expect(decode([])).toBe("");
  });
}

describe.skipIf(!data)("Phi-2's tokenizer.json", () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(published("phi-2"));
  });

  it("gives every golden text its ids", () => {
    const golden = readGolden(join(published("phi-2"), "golden_hf_tokenizers_js.jsonl"));
    expect(golden.length).toBeGreaterThan(150);
    expect(golden.map(({ text }) => tokenizer.encode(text))).toEqual(golden.map(({ ids }) => ids));
  });

  it("pads with the end of text", () => {
    expect(tokenizer.special).toEqual({ bos: 50256, eos: 50256, unknown: 50256, pad: 50256 });
    expect(tokenizer.vocabularySize).toBe(50295);
  });

  testRoundTrip(
    () => tokenizer,
    (text) => text,
  );
});

describe.skipIf(!data)("Qwen2.5's vocab.json and merges.txt", () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(published("Qwen2.5-0.5B"));
  });

  it("give every golden text its ids", () => {
    const golden = readGolden(join(published("Qwen2.5-0.5B"), "golden_hf_tokenizers_js.jsonl"));
    expect(golden.length).toBeGreaterThan(150);
    expect(golden.map(({ text }) => tokenizer.encode(text))).toEqual(golden.map(({ ids }) => ids));
  });

  it("give llama.cpp's 47 vectors their ids, the last of them empty", () => {
    const read = (end: string): string =>
      readFileSync(join(published("Qwen2.5-0.5B"), `llamacpp_qwen2.${end}`), "utf8");
    const texts = read("inp").split("\n__ggml_vocab_test__\n");
    const ids = read("out")
      .split("\n")
      .map((line) => line.trim())
      .map((line) => (line === "" ? [] : line.split(/\s+/).map(Number)));
    expect(ids.length).toBe(47);
    expect(texts.slice(0, 47).map(tokenizer.encode)).toEqual(ids);
  });

  it("have the published special tokens", () => {
    expect(tokenizer.special).toEqual({ eos: 151643, pad: 151643 });
    expect(tokenizer.vocabularySize).toBe(151665);
    expect(tokenizer.encode("<|im_start|>user\n")).toEqual([151644, 872, 198]);
  });

  testRoundTrip(
    () => tokenizer,
    (text) => text.normalize("NFC"),
  );
});

describe.skipIf(!data)("stories260K's SentencePiece model", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "blora-tokenizer-"));
    await copyFile(join(data ?? "", "models/stories260K/tok512.model"), join(folder, "tokenizer.model"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("gives the ids and texts of SentencePiece", async () => {
    const golden = JSON.parse(readFileSync(join(data ?? "", "models/stories260K/golden.json"), "utf8"));
    const { encode, decode, special, vocabularySize } = await loadTokenizer(folder);
    const cases = golden.tokenizer_cases as Golden[];
    expect(cases.map(({ text }) => encode(text))).toEqual(cases.map(({ ids }) => ids));
    expect(decode(golden.greedy_from_bos_ids)).toBe(golden.greedy_text);
    expect(special).toMatchObject({ unknown: 0, bos: 1, eos: 2, pad: 2 });
    expect(vocabularySize).toBe(512);
  });
});

describe("a folder with vocab.json and merges.txt", () => {
  // The printable stand-ins of all 256 bytes, then four merges.
  const printable = (byte: number): boolean => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let others = 0;
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : 256 + others++));
  const SPACE = bytes[0x20]!;
  const merges = [`${SPACE} t`, "h e", `${SPACE}t he`, "1 2"];
  const vocabulary = [...bytes, ...merges.map((merge) => merge.replace(" ", ""))];
  const special = {
    content: "<|endoftext|>",
    lstrip: false,
    normalized: false,
    rstrip: false,
    single_word: false,
    special: true,
  };
  const config = {
    tokenizer_class: "Qwen2Tokenizer",
    eos_token: "<|endoftext|>",
    unk_token: null,
    added_tokens_decoder: { [vocabulary.length]: special },
  };
  let folder: string;
  let loaded: Tokenizer;
  const write = async (settings: object, mergeText = `#version: 0.2\n${merges.join("\n")}\n`): Promise<Tokenizer> => {
    await writeFile(
      join(folder, "vocab.json"),
      JSON.stringify(Object.fromEntries(vocabulary.map((token, id) => [token, id]))),
    );
    await writeFile(join(folder, "merges.txt"), mergeText);
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(settings));
    return loadTokenizer(folder);
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "blora-tokenizer-"));
    loaded = await write(config);
  });
  afterAll(() => rm(folder, { recursive: true }));

  testRoundTrip(
    () => loaded,
    (text) => text.normalize("NFC"),
  );

  it("joins the earliest merge first, within words as Qwen or as GPT-2 cuts them", async () => {
    const id = (token: string): number => vocabulary.indexOf(token);
    const qwen = await write(config);
    expect(qwen.encode("he the")).toEqual([id("he"), id(`${SPACE}the`)]);
    expect(qwen.encode("12")).toEqual([id("1"), id("2")]);
    expect(qwen.encode("e\u0301")).toEqual([...Buffer.from("é")]);
    expect(qwen.encode("a<|endoftext|>")).toEqual([id("a"), vocabulary.length]);
    const gpt2 = await write({ ...config, tokenizer_class: "GPT2Tokenizer" });
    expect(gpt2.encode("12")).toEqual([id("12")]);
    expect(gpt2.encode("e\u0301")).toEqual([...Buffer.from("e\u0301")]);
  });

  it("names what is missing or damaged", async () => {
    await expect(write({ ...config, tokenizer_class: "T5Tokenizer" })).rejects.toThrow(
      /tokenizer_class.*"T5Tokenizer"/,
    );
    await expect(write(config, "a b\nabc\n")).rejects.toThrow(/merges\.txt.*line 2.*"abc"/);
    await expect(write({ ...config, added_tokens_decoder: { x: special } })).rejects.toThrow(/added_tokens_decoder/);
    await write(config);
    await writeFile(join(folder, "vocab.json"), JSON.stringify({ a: -1 }));
    await expect(loadTokenizer(folder)).rejects.toThrow(InvalidInputError);
    await rm(join(folder, "merges.txt"));
    await expect(loadTokenizer(folder)).rejects.toThrow(NotFoundError);
    expect(existsSync(join(folder, "merges.txt"))).toBe(false);
  });
});

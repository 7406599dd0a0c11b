import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoTokenizer, env, type PreTrainedTokenizer } from "@huggingface/transformers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { loadTokenizer, writeTokenizerJson } from "../src/index.ts";
import { type ModelFixture, sentencePieceModel } from "./sentencepiece-fixture.ts";

let folder: string;
let written: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blora-spm-"));
  written = mkdtempSync(join(tmpdir(), "blora-json-"));
});
afterEach(() => {
  for (const path of [folder, written]) rmSync(path, { recursive: true, force: true });
});

async function open(path: string): Promise<PreTrainedTokenizer> {
  env.allowRemoteModels = false;
  return AutoTokenizer.from_pretrained(path, { local_files_only: true });
}

const idsOf = (tokenizer: PreTrainedTokenizer, text: string): number[] =>
  tokenizer.encode(text, { add_special_tokens: false });

const TINY: ModelFixture = {
  pieces: [
    ["[PAD]", 0, "control"],
    ["[CLS]", 0, "control"],
    ["[SEP]", 0, "control"],
    ["[UNK]", 0, "unknown"],
    ["▁the", -2],
    ["▁", -3],
    ["the", -4.25],
    ["t", -5],
    ["h", -5],
    ["e", -5],
    ["a", -5.1],
    ["▁a", -4],
  ],
  rules: { "\u3000": " ", ａ: "a" },
};

describe("a tokenizer.json written from a Unigram model", () => {
  it("holds its pieces, scores, map and special tokens", async () => {
    writeFileSync(join(folder, "spm.model"), sentencePieceModel(TINY));
    writeFileSync(join(folder, "tokenizer_config.json"), '{"do_lower_case":false,"model_max_length":512}');
    expect(await writeTokenizerJson(folder, written)).toEqual(["tokenizer.json", "tokenizer_config.json"]);
    const json = JSON.parse(readFileSync(join(written, "tokenizer.json"), "utf8"));
    expect(json.model.vocab[6]).toEqual(["the", -4.25]);
    expect(json.model).toMatchObject({ type: "Unigram", unk_id: 3, byte_fallback: false });
    expect(json.added_tokens.map(({ id, content }: { id: number; content: string }) => [id, content])).toEqual([
      [0, "[PAD]"],
      [1, "[CLS]"],
      [2, "[SEP]"],
      [3, "[UNK]"],
      [12, "[MASK]"],
    ]);
    expect(json.normalizer.normalizers.map(({ type }: { type: string }) => type)).toEqual([
      "Precompiled",
      "Replace",
      "Strip",
    ]);
    expect(JSON.parse(readFileSync(join(written, "tokenizer_config.json"), "utf8"))).toEqual({
      do_lower_case: false,
      model_max_length: 512,
      cls_token: "[CLS]",
      sep_token: "[SEP]",
      pad_token: "[PAD]",
      mask_token: "[MASK]",
      unk_token: "[UNK]",
    });
  });

  it.each(["the a", "  the\u3000the  ", "ａ the", "the[SEP]a [MASK] ", "the x", "", " "])(
    "gives the ids of the model itself for %j, here and in transformers.js",
    async (text) => {
      writeFileSync(join(folder, "spm.model"), sentencePieceModel(TINY));
      await writeTokenizerJson(folder, written);
      const expected = (await loadTokenizer(folder)).encode(text);
      expect((await loadTokenizer(written)).encode(text)).toEqual(expected);
      expect(idsOf(await open(written), text)).toEqual(expected);
    },
  );

  it("lets transformers.js frame a text, a pair and a padded batch", async () => {
    writeFileSync(join(folder, "spm.model"), sentencePieceModel(TINY));
    await writeTokenizerJson(folder, written);
    const tokenizer = await open(written);
    expect(tokenizer.encode("the", { text_pair: "a" })).toEqual([1, 4, 2, 11, 2]);
    const { input_ids, attention_mask } = tokenizer(["the", "the a"], { padding: true, return_tensor: false });
    expect(input_ids).toEqual([
      [1, 4, 2, 0],
      [1, 4, 11, 2],
    ]);
    expect(attention_mask).toEqual([
      [1, 1, 1, 0],
      [1, 1, 1, 1],
    ]);
    expect(tokenizer.decode([1, 4, 11, 2], { skip_special_tokens: true }).trim()).toBe("the a");
  });

  it("is not written for a byte-pair model, for user-defined pieces, nor where there is no model", async () => {
    expect(await writeTokenizerJson(folder, written)).toEqual([]);
    writeFileSync(join(folder, "spm.model"), sentencePieceModel({ ...TINY, modelType: 2 }));
    expect(await writeTokenizerJson(folder, written)).toEqual([]);
    const pieces = [...TINY.pieces, ["<x>", 0, "user-defined"]] as const;
    writeFileSync(join(folder, "spm.model"), sentencePieceModel({ ...TINY, pieces }));
    expect(await writeTokenizerJson(folder, written)).toEqual([]);
  });
});

const data = process.env.BLORA_DATA;

describe.skipIf(!data)("DeBERTaV3's tokenizer.json", () => {
  const source = join(data ?? "", "tokenizers", "deberta-v3");
  const golden = (): { text: string; ids: number[] }[] =>
    readFileSync(join(source, "golden_sentencepiece.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));

  it("is of a few megabytes and gives SentencePiece's ids for every golden text, here and in transformers.js", async () => {
    await writeTokenizerJson(source, written);
    expect(statSync(join(written, "tokenizer.json")).size).toBeLessThan(8e6);
    const [ours, theirs] = [await loadTokenizer(written), await open(written)];
    const texts = golden();
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.map(({ text }) => ours.encode(text))).toEqual(texts.map(({ ids }) => ids));
    expect(texts.map(({ text }) => idsOf(theirs, text))).toEqual(texts.map(({ ids }) => ids));
    expect(theirs.encode("peaches", { text_pair: "slowly" })).toEqual([
      1,
      ...ours.encode("peaches"),
      2,
      ...ours.encode("slowly"),
      2,
    ]);
    const long = "peaches, slowly ".repeat(200);
    expect(idsOf(theirs, long)).toEqual(ours.encode(long));
  });

  it("differs in transformers.js for one character of those with pieces, and has no bytes for the others", async () => {
    await writeTokenizerJson(source, written);
    const [spm, ours, theirs] = [await loadTokenizer(source), await loadTokenizer(written), await open(written)];
    const { vocab } = JSON.parse(readFileSync(join(written, "tokenizer.json"), "utf8")).model;
    const isByte = (id: number): boolean => /^<0x[0-9A-F]{2}>$/.test(vocab[id]?.[0] ?? "");
    const counts = { pieces: 0, bytes: 0, unknown: 0 };
    const different: string[] = [];
    for (let point = 1; point < 0xd800; point++) {
      const text = `a${String.fromCodePoint(point)}b`;
      const expected = spm.encode(text);
      expect(ours.encode(text).join()).toBe(expected.join());
      const found = idsOf(theirs, text);
      if (expected.some(isByte)) {
        counts.bytes++;
        if (found.includes(3)) counts.unknown++;
      } else {
        counts.pieces++;
        if (found.join() !== expected.join()) different.push(`U+${point.toString(16).padStart(4, "0")}`);
      }
    }
    expect(different).toEqual(["U+0344"]);
    expect(counts).toMatchObject({ pieces: 8233, bytes: 47062 });
    // The few others are letters that a later Unicode folds and the model's map does not know.
    expect(counts.unknown / counts.bytes).toBeGreaterThan(0.999);
  });
});

it("puts a chat template of its own file where transformers.js looks for it", async () => {
  writeTinyQwen2(folder, { template: "none" });
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) copyFileSync(join(folder, name), join(written, name));
  expect(await writeTokenizerJson(folder, written)).toEqual([]);
  writeFileSync(
    join(folder, "chat_template.jinja"),
    "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}{% if add_generation_prompt %} >{% endif %}",
  );
  expect(await writeTokenizerJson(folder, written)).toEqual(["tokenizer_config.json"]);
  const turns = [{ role: "user", content: "hi" }];
  const text = (await open(written)).apply_chat_template(turns, { tokenize: false, add_generation_prompt: true });
  expect(text).toBe("[user] hi >");
  expect(text).toBe((await loadTokenizer(folder)).applyChatTemplate!(turns, true));
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { qwen2 } from "@blora/model-qwen2";
import { loadTokenizer } from "@blora/tokenizer";
import { afterAll, describe, expect, test } from "vitest";
import { type TinyQwen2, writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { type AdaptedModel, generateTokens, loadModel } from "../src/index.ts";

const IM_END = 0;
const END_OF_TEXT = 257;
const CHAT = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n";
const folder = mkdtempSync(join(tmpdir(), "blora-end-ids-"));
const engine = onnx({ threads: 1 });
let models = 0;

afterAll(async () => {
  await engine.release();
  rmSync(folder, { recursive: true, force: true });
});

/** A language model whose likeliest token is always `<|im_end|>`. */
async function modelOf(options: TinyQwen2 = {}): Promise<AdaptedModel> {
  const model = join(folder, String(models++));
  writeTinyQwen2(model, options);
  const loaded = await loadModel({ model, architecture: qwen2(), engine, tokenizer: loadTokenizer });
  return loaded.withoutAdapter({ kind: "language-model" });
}

/** What ends a text where `generation_config.json` and `config.json` say this of it. */
async function idsOf(generation: unknown, options: TinyQwen2 = {}): Promise<readonly number[]> {
  const files = { ...options.files, ...(generation !== undefined && { "generation_config.json": generation }) };
  return (await modelOf({ ...options, files })).openReader().endIds;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("a text ends", () => {
  test("with any id of generation_config.json, in tokens and in text", async () => {
    const model = await modelOf();
    const prompt = (await loadTokenizer(join(folder, String(models - 1)))).encode(CHAT);
    expect(await all(generateTokens(model.openReader(), prompt, { maxNewTokens: 12 }))).toEqual([]);
    expect(await all(model.generate(CHAT, { maxNewTokens: 12 }))).toEqual([]);
    expect(await all(model.generate([{ role: "user", content: "hi" }], { maxNewTokens: 12 }))).toEqual([]);
  });

  test("with what ends a turn of the template, wherever that stands, although no file names it", async () => {
    const silent = { eos_token_id: END_OF_TEXT };
    expect(await idsOf(silent)).toEqual([END_OF_TEXT, IM_END]);
    expect(await idsOf(silent, { template: "none" })).toEqual([END_OF_TEXT, IM_END]);
  });

  test("with the ids of config.json where generation_config.json names none", async () => {
    expect((await modelOf()).openReader().endIds).toEqual([IM_END, END_OF_TEXT]);
    const config = JSON.parse(readFileSync(join(folder, String(models - 1), "config.json"), "utf8")) as object;
    const files = { "config.json": { ...config, eos_token_id: [258, 12] } };
    expect(await idsOf({ eos_token_id: null }, { files })).toEqual([258, 12, END_OF_TEXT, IM_END]);
    expect(await idsOf({ do_sample: true, temperature: 0.7 }, { files })).toEqual([258, 12, END_OF_TEXT, IM_END]);
    expect(await idsOf({ eos_token_id: 5 }, { files })).toEqual([5, END_OF_TEXT, IM_END]);
  });

  test("with no token of a template that refuses a conversation", async () => {
    const refusing = "{{ raise_exception('no') }}";
    const config = { eos_token: "<|endoftext|>", pad_token: "<|endoftext|>", chat_template: refusing };
    const files = { "tokenizer_config.json": { tokenizer_class: "Qwen2Tokenizer", ...config } };
    expect(await idsOf({ eos_token_id: 5 }, { files })).toEqual([5, END_OF_TEXT]);
  });

  test("where asked, and nowhere else", async () => {
    const model = await modelOf();
    const read = await all(generateTokens(model.openReader(), [1, 2], { maxNewTokens: 3, stopIds: [5] }));
    expect(read).toEqual([IM_END, IM_END, IM_END]);
    expect((await all(model.generate("a", { maxNewTokens: 3, stopIds: [5] }))).join("")).toBe("");
  });

  test.each([["<|im_end|>"], [1.5], [[0, "x"]], [{}]])("and an eos_token_id of %j is refused", async (id) => {
    await expect(idsOf({ eos_token_id: id })).rejects.toThrow(
      /generation_config\.json: expected an id or a list of ids at eos_token_id, found /,
    );
  });
});

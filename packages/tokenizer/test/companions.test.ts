import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "@blora/spec";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { writeTinyBert } from "../../../internal/tiny-models/tiny-bert.ts";
import { TINY_CHAT_TEMPLATE, writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { loadTokenizer, writeTokenizerJson } from "../src/index.ts";

const TURNS: readonly Message[] = [
  { role: "user", content: "hi" },
  { role: "assistant", content: "yo" },
];
const PLAIN =
  "{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]{% else %}{{ m['content'] + eos_token }}{% endif %}{% endfor %}";
const RENDERED = "[INST] hi [/INST]yo<|endoftext|>";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blora-companions-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

type Json = Record<string, unknown>;
const write = (name: string, content: unknown): void =>
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
const change = (name: string, changes: (json: Json) => Json): void =>
  write(name, changes(JSON.parse(readFileSync(join(folder, name), "utf8")) as Json));
const render = async (): Promise<string | undefined> => (await loadTokenizer(folder)).applyChatTemplate?.(TURNS, false);

describe("a chat template", () => {
  test("in chat_template.jinja gives the text of the same one in tokenizer_config.json", async () => {
    writeTinyQwen2(folder, { template: "config" });
    const expected = await render();
    expect(expected).toBe("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyo<|im_end|>\n");
    change("tokenizer_config.json", ({ chat_template, ...rest }) => rest);
    expect(await render()).toBeUndefined();
    write("chat_template.jinja", TINY_CHAT_TEMPLATE);
    expect(await render()).toBe(expected);
  });

  test("of an adapter counts before the model's, wherever both lie", async () => {
    writeTinyQwen2(folder, { template: "config" });
    const adapter = join(folder, "adapter");
    mkdirSync(adapter);
    const rendered = async () => (await loadTokenizer(folder, { chatFrom: adapter })).applyChatTemplate?.(TURNS, false);
    const own = await render();
    expect(await rendered()).toBe(own);
    write("adapter/tokenizer_config.json", { chat_template: PLAIN });
    expect(await rendered()).toBe(RENDERED);
    write("chat_template.jinja", TINY_CHAT_TEMPLATE);
    expect(await rendered()).toBe(RENDERED);
    write("adapter/chat_template.jinja", TINY_CHAT_TEMPLATE);
    expect(await rendered()).toBe(own);
  });

  test("has a hash, the same wherever the template lies, and none where there is none", async () => {
    const hash = async () => (await loadTokenizer(folder)).chatTemplateSha256;
    const expected = createHash("sha256").update(TINY_CHAT_TEMPLATE).digest("hex");
    writeTinyQwen2(folder, { template: "config" });
    expect(await hash()).toBe(expected);
    change("tokenizer_config.json", ({ chat_template, ...rest }) => rest);
    expect(await hash()).toBeUndefined();
    write("chat_template.jinja", TINY_CHAT_TEMPLATE);
    expect(await hash()).toBe(expected);
    write("chat_template.jinja", PLAIN);
    expect(await hash()).not.toBe(expected);
  });

  test("in chat_template.jinja counts before chat_template.json, and that before tokenizer_config.json", async () => {
    writeTinyQwen2(folder, { template: "config" });
    write("chat_template.json", { chat_template: PLAIN });
    expect(await render()).toBe(RENDERED);
    write("chat_template.jinja", "{{ messages[0]['content'] }}");
    expect(await render()).toBe("hi");
  });

  test("is the default one beside named ones", async () => {
    writeTinyQwen2(folder, { template: "none" });
    write("chat_template.jinja", PLAIN);
    mkdirSync(join(folder, "additional_chat_templates"));
    write("additional_chat_templates/tool_use.jinja", "{{ tools }}");
    expect(await render()).toBe(RENDERED);
  });

  test("of no text is refused", async () => {
    writeTinyQwen2(folder, { template: "none" });
    write("chat_template.json", { chat_template: 5 });
    await expect(loadTokenizer(folder)).rejects.toThrow(
      "chat_template.json: expected a text at chat_template, found number.",
    );
  });
});

describe("ids that end a text", () => {
  const stopIds = async (): Promise<readonly number[] | undefined> => (await loadTokenizer(folder)).stopIds;

  test("are all of generation_config.json, and the tokenizer's own", async () => {
    writeTinyQwen2(folder);
    expect(await stopIds()).toEqual([0, 257]);
    write("generation_config.json", { eos_token_id: 0 });
    expect(await stopIds()).toEqual([0, 257]);
  });

  test("are those of config.json where generation_config.json names none", async () => {
    writeTinyQwen2(folder);
    write("generation_config.json", { eos_token_id: null });
    change("config.json", (config) => ({ ...config, eos_token_id: [5, 257] }));
    expect(await stopIds()).toEqual([5, 257]);
    rmSync(join(folder, "generation_config.json"));
    change("config.json", ({ eos_token_id, ...config }) => config);
    expect(await stopIds()).toEqual([257]);
  });

  test("that are none are refused by their file", async () => {
    writeTinyQwen2(folder);
    write("generation_config.json", { eos_token_id: ["<|im_end|>"] });
    await expect(loadTokenizer(folder)).rejects.toThrow(
      'generation_config.json: expected an id or a list of ids at eos_token_id, found ["<|im_end|>"].',
    );
  });
});

describe("an added token of byte-level pairs", () => {
  const added = (more: Json): void =>
    change("tokenizer.json", (json) => ({
      ...json,
      added_tokens: [
        ...(json.added_tokens as Json[]),
        {
          id: 259,
          content: "cat",
          single_word: true,
          lstrip: false,
          rstrip: false,
          normalized: false,
          special: false,
          ...more,
        },
      ],
    }));

  test("that must stand alone is found only where it does", async () => {
    writeTinyQwen2(folder);
    added({});
    const { encode, decode } = await loadTokenizer(folder);
    const concatenate = [100, 112, 111, 100, 98, 117, 102, 111, 98, 117, 102];
    expect(encode("concatenate cat")).toEqual([...concatenate, 33, 259]);
    expect(encode("cat, cat_ \u00e9cat")).toEqual([259, ...encode(", cat_ \u00e9cat")]);
    expect(encode("cat").concat(encode("<|im_end|>"))).toEqual([259, 0]);
    expect(decode(encode("concatenate cat"))).toBe("concatenate cat");
  });

  test("takes white space along where it says so", async () => {
    writeTinyQwen2(folder);
    added({ lstrip: true, rstrip: true });
    const { encode } = await loadTokenizer(folder);
    expect(encode("a \n cat  b")).toEqual([98, 259, 99]);
  });
});

describe("a BERT", () => {
  test.each([true, false])("of vocab.txt alone frames a text, with tokenizer_config.json: %s", async (isConfigured) => {
    writeTinyBert(folder, { vocabularyFile: true });
    if (!isConfigured) rmSync(join(folder, "tokenizer_config.json"));
    const { assemble, encode } = await loadTokenizer(folder);
    expect(assemble(encode("A dog barks"), undefined, 32).inputIds).toEqual([2, 6, 12, 13, 3]);
  });

  test("has the special tokens its class implies where tokenizer_config.json names only some", async () => {
    writeTinyBert(folder, {
      vocabularyFile: true,
      files: { "tokenizer_config.json": { do_lower_case: false, unk_token: "[UNK]" } },
    });
    const { special, encode } = await loadTokenizer(folder);
    expect(special).toEqual({ pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 });
    expect(encode("Hello")).toEqual([1]);
  });
});

describe("a tokenizer.json without tokenizer_config.json", () => {
  test("of BERT is read as transformers reads it: letters lower-cased, the usual special tokens", async () => {
    writeTinyBert(folder);
    change("tokenizer.json", (json) => ({ ...json, normalizer: { ...(json.normalizer as Json), lowercase: false } }));
    rmSync(join(folder, "tokenizer_config.json"));
    const { assemble, encode, special } = await loadTokenizer(folder);
    expect(assemble(encode("Hello A dog"), undefined, 20).inputIds).toEqual([2, 43, 74, 81, 81, 84, 6, 12, 3]);
    expect(special).toMatchObject({ cls: 2, sep: 3 });
  });

  test("of a decoder ends texts with its special token, not with an ordinary one of a usual name", async () => {
    writeTinyQwen2(folder);
    rmSync(join(folder, "tokenizer_config.json"));
    change("tokenizer.json", (json) => {
      const model = json.model as Json;
      return { ...json, model: { ...model, vocab: { ...(model.vocab as Json), "</s>": 259 } } };
    });
    const { encode, special } = await loadTokenizer(folder);
    expect(encode("Hello A dog")).toEqual([73, 102, 109, 109, 112, 33, 66, 33, 101, 112, 104]);
    expect(special).toEqual({ eos: 257, pad: 257 });
  });

  test("is exported with the tokenizer_config.json it implies", async () => {
    writeTinyQwen2(folder);
    expect(await writeTokenizerJson(folder, folder)).toEqual([]);
    rmSync(join(folder, "tokenizer_config.json"));
    expect(await writeTokenizerJson(folder, folder)).toEqual(["tokenizer_config.json"]);
    expect(JSON.parse(readFileSync(join(folder, "tokenizer_config.json"), "utf8"))).toEqual({
      tokenizer_class: "PreTrainedTokenizerFast",
      eos_token: "<|endoftext|>",
    });
  });
});

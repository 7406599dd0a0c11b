import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Message, Tokenizer } from "@blora/spec";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadTokenizer } from "../src/index.ts";

const FIXTURES = fileURLToPath(new URL("../../../fixtures/chat/", import.meta.url));

interface Golden {
  readonly templates: Readonly<Record<string, string>>;
  readonly cases: Readonly<Record<string, readonly Case[]>>;
}

interface Case {
  readonly template: string;
  readonly messages: readonly Message[];
  readonly answering: boolean;
  readonly text: string;
  readonly ids: readonly number[];
}

const { templates, cases } = JSON.parse(readFileSync(join(FIXTURES, "golden.json"), "utf8")) as Golden;

/** A tokenizer of the fixtures with a chat template in a file of its own, and changes to its configuration. */
async function withTemplate(name: string, template: string, changes: object = {}): Promise<Tokenizer> {
  const folder = mkdtempSync(join(tmpdir(), "blora-chat-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(FIXTURES, name), folder, { recursive: true });
  writeFileSync(join(folder, "chat_template.jinja"), templates[template]!);
  const config = JSON.parse(readFileSync(join(folder, "tokenizer_config.json"), "utf8")) as object;
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify({ ...config, ...changes }));
  return loadTokenizer(folder);
}

describe.each(Object.keys(cases))("conversations of the tokenizer %s", (name) => {
  test.each(Object.keys(templates))("are those of transformers by the template %s", async (template) => {
    const { applyChatTemplate, encode } = await withTemplate(name, template);
    for (const { messages, answering, text, ids } of cases[name]!.filter((one) => one.template === template)) {
      const rendered = applyChatTemplate!(messages, answering);
      expect(rendered).toBe(text);
      expect(encode(rendered), JSON.stringify(text)).toEqual(ids);
    }
  });
});

test("tokenizer.model is read section by section where legacy says so, as Llama 2's tokenizer.json is", async () => {
  const { encode } = await withTemplate("model", "inst", { legacy: true });
  const plain = cases["byte-pairs"]!.filter(({ text }) => !text.includes("_of_turn>"));
  expect(plain.length).toBeGreaterThan(8);
  for (const { text, ids } of plain) expect(encode(text), JSON.stringify(text)).toEqual(ids);
});

test("a template reads special tokens by their usual names where no file spells them", async () => {
  const { applyChatTemplate } = await withTemplate("model", "inst", {
    tokenizer_class: undefined,
    bos_token: undefined,
    eos_token: undefined,
    unk_token: undefined,
  });
  const turns = ["user", "assistant"].map((role) => ({ role, content: role }));
  expect(applyChatTemplate!(turns, false)).toBe("<s>[INST] user [/INST] assistant </s>");
});

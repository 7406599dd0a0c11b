import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Message, Tokenizer } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { describe, expect, onTestFinished, test } from "vitest";
import { instruct } from "../src/index.ts";

const FIXTURES = fileURLToPath(new URL("../../../fixtures/chat/", import.meta.url));

interface Golden {
  readonly templates: Readonly<Record<string, string>>;
  readonly cases: Readonly<
    Record<string, readonly { template: string; messages: Message[]; answering: boolean; ids: number[] }[]>
  >;
}

const { templates, cases } = JSON.parse(readFileSync(join(FIXTURES, "golden.json"), "utf8")) as Golden;

async function withTemplate(name: string, template: string): Promise<Tokenizer> {
  const folder = mkdtempSync(join(tmpdir(), "blora-chat-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(FIXTURES, name), folder, { recursive: true });
  writeFileSync(join(folder, "chat_template.jinja"), templates[template]!);
  return loadTokenizer(folder);
}

describe.each(Object.keys(cases))("a conversation with the tokenizer %s", (name) => {
  test.each(Object.keys(templates))("has the ids of transformers by the template %s", async (template) => {
    const tokenizer = await withTemplate(name, template);
    const whole = cases[name]!.filter((one) => one.template === template && !one.answering);
    for (const { messages, ids } of whole) {
      const { inputIds, targets } = instruct({ addBos: true }).encode(
        { first: "", messages, origin: "x:1" },
        tokenizer,
        512,
      );
      const start = ids[0] === 1 ? [] : [1];
      expect(inputIds, JSON.stringify(messages)).toEqual([...start, ...ids]);
      const learned = tokenizer.decode(targets!.map((place) => inputIds[place]!));
      for (const { role, content } of messages) {
        if (role === "assistant") expect(learned).toContain(content!.trim().replace("<s>", ""));
        else expect(learned).not.toContain(content!.trim());
      }
    }
  });
});

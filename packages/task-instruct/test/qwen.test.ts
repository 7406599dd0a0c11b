import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tokenizer } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instruct, renderChat } from "../src/index.ts";

const data = process.env.BLORA_DATA;

describe.skipIf(data === undefined)("conversations for Qwen2.5 (needs BLORA_DATA)", () => {
  const messages = [
    { role: "system", content: "Answer briefly." },
    { role: "user", content: "What floats?" },
    { role: "assistant", content: "Wood — and ice." },
    { role: "user", content: "What sinks?" },
    { role: "assistant", content: "Iron." },
  ];
  let folder = "";
  let tokenizer: Tokenizer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "blora-qwen-"));
    for (const file of ["vocab.json", "merges.txt", "tokenizer_config.json"]) {
      cpSync(join(data!, "tokenizers", "Qwen2.5-0.5B", file), join(folder, file));
    }
    tokenizer = await loadTokenizer(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("the checkpoint's template and ours for ChatML give the same ids and targets", () => {
    const encode = (template: "checkpoint" | "chatml") =>
      instruct({ template }).encode({ first: "", messages, origin: "x:1" }, tokenizer, 512);
    expect(tokenizer.applyChatTemplate).toBeDefined();
    expect(encode("checkpoint")).toEqual(encode("chatml"));
    expect(encode("chatml").inputIds.slice(0, 3)).toEqual([151644, 8948, 198]); // <|im_start|>system\n
  });

  test("what is learned reads as the answers, each with the end of its turn", () => {
    const { inputIds, targets = [] } = instruct().encode({ first: "", messages, origin: "x:1" }, tokenizer, 512);
    expect(tokenizer.decode(targets.map((index) => inputIds[index]!))).toBe("Wood — and ice.Iron.");
    expect(targets.filter((index) => inputIds[index] === 151645)).toHaveLength(2); // <|im_end|>
  });

  test("pieces put together are the text the template gives", () => {
    const text = renderChat({ messages }, "checkpoint", tokenizer)
      .pieces.map(({ content }) => content)
      .join("");
    expect(text).toBe(tokenizer.applyChatTemplate!(messages, false));
  });
});

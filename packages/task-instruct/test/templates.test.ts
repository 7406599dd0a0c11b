import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message, Tokenizer } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { afterAll, describe, expect, test } from "vitest";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { instruct, renderChat } from "../src/index.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function tokenizerWith(template: string): Promise<Tokenizer> {
  const folder = mkdtempSync(join(tmpdir(), "blora-template-"));
  folders.push(folder);
  const config = { tokenizer_class: "Qwen2Tokenizer", eos_token: "<|endoftext|>", pad_token: "<|endoftext|>" };
  writeTinyQwen2(folder, { files: { "tokenizer_config.json": { ...config, chat_template: template } } });
  return loadTokenizer(folder);
}

/** Texts that are learned, the text of all, and how many answers are not learned. */
async function learn(template: string, messages: readonly Message[], tools?: readonly { name: string }[]) {
  const { pieces, rewrittenAnswers } = renderChat({ messages, tools }, "checkpoint", await tokenizerWith(template));
  return {
    learned: pieces.filter((piece) => piece.learned).map(({ content }) => content),
    text: pieces.map(({ content }) => content).join(""),
    rewrittenAnswers,
  };
}

const user = (content: string): Message => ({ role: "user", content });
const answer = (content: string | null, more: Partial<Message> = {}): Message => ({
  role: "assistant",
  content,
  ...more,
});

const CHATML =
  "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
/** Thoughts are written in the turns after the last one of the user alone; in the last turn even where there are none. */
const THINKING = `{%- set ns = namespace(last=0) %}
{%- for m in messages %}{%- if m.role == 'user' %}{%- set ns.last = loop.index0 %}{%- endif %}{%- endfor %}
{%- for m in messages %}
{%- if m.role != 'assistant' %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}
{%- else %}{%- set content = m.content.split('</think>')[-1].lstrip('\\n') %}{%- set thought = '' %}
{%- if m.reasoning_content is string %}{%- set thought = m.reasoning_content %}
{%- elif '</think>' in m.content %}{%- set thought = m.content.split('</think>')[0].split('<think>')[-1].strip('\\n') %}{%- endif %}
{%- if loop.index0 > ns.last and (loop.last or thought) %}{{- '<|im_start|>assistant\\n<think>\\n' + thought + '\\n</think>\\n\\n' + content + '<|im_end|>\\n' }}
{%- else %}{{- '<|im_start|>assistant\\n' + content + '<|im_end|>\\n' }}{%- endif %}{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}`;
const CALLS = `{% if tools %}{{ tools | tojson }}\n{% endif %}{% for m in messages %}[{{ m.role }}]{% if m.content is not none %}{{ m.content }}{% endif %}{% for c in m.tool_calls or [] %}{{ c.function | tojson }}{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}`;

describe("a template that rewrites answers once the conversation goes on", () => {
  test.each([
    ["without thoughts", [user("a"), answer("A"), user("b"), answer("B")], "<think>\n\n</think>\n\nB<|im_end|>"],
    [
      "with thoughts in the answers",
      [user("a"), answer("<think>\nx\n</think>\n\nA"), user("b"), answer("<think>\ny\n</think>\n\nB")],
      "<think>\ny\n</think>\n\nB<|im_end|>",
    ],
    [
      "with thoughts beside the answers",
      [user("a"), answer("A", { reasoning_content: "x" }), user("b"), answer("B", { reasoning_content: "y" })],
      "<think>\ny\n</think>\n\nB<|im_end|>",
    ],
  ])("learns the last one, %s", async (_, messages, last) => {
    expect(await learn(THINKING, messages)).toEqual({
      learned: [last],
      text: `<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n${last}\n`,
      rewrittenAnswers: 1,
    });
  });

  test("learns every one that stays as it was given", async () => {
    const call = answer("A", { reasoning_content: "x" });
    const { learned, rewrittenAnswers } = await learn(THINKING, [
      user("a"),
      call,
      { role: "tool", content: "9" },
      answer("B", { reasoning_content: "y" }),
    ]);
    expect(learned).toEqual(["<think>\nx\n</think>\n\nA<|im_end|>", "<think>\ny\n</think>\n\nB<|im_end|>"]);
    expect(rewrittenAnswers).toBe(0);
  });

  test("learns answers that only move, such as behind a list of tools before the last question", async () => {
    const moving =
      "{% for m in messages %}{% if m.role == 'user' %}{% if loop.index0 >= messages | length - 2 %}<tools>{% endif %}[INST]{{ m.content }}[/INST]{% else %}{{ m.content }}<|im_end|>{% endif %}{% endfor %}";
    expect(await learn(moving, [user("a"), answer("A"), user("b"), answer("B")])).toEqual({
      learned: ["A<|im_end|>", "B<|im_end|>"],
      text: "[INST]a[/INST]A<|im_end|><tools>[INST]b[/INST]B<|im_end|>",
      rewrittenAnswers: 0,
    });
  });

  test("says how many answers are not learned, and for a single turn nothing", async () => {
    const tokenizer = await tokenizerWith(THINKING);
    const encode = (messages: readonly Message[]) =>
      instruct().encode({ first: "", messages, origin: "x:1" }, tokenizer, 512);
    expect(encode([user("a"), answer("A"), user("b"), answer("B")]).rewrittenAnswers).toBe(1);
    expect(encode([user("a"), answer("A")])).not.toHaveProperty("rewrittenAnswers");
  });
});

describe("what is learned of a turn", () => {
  test("an answer of weight 0 is read and not learned, nor is an earlier part", async () => {
    expect(
      await learn(CHATML, [user("p"), answer("NO", { weight: 0 }), user("q"), answer("YES", { weight: 1 })]),
    ).toMatchObject({
      learned: ["YES<|im_end|>"],
      text: "<|im_start|>user\np<|im_end|>\n<|im_start|>assistant\nNO<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\nYES<|im_end|>\n",
    });
  });

  test("an assistant that speaks first learns its answer, not what the template begins with", async () => {
    const named = `{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}${CHATML}`;
    expect((await learn(named, [answer("hello"), user("a"), answer("A")])).learned).toEqual([
      "hello<|im_end|>",
      "A<|im_end|>",
    ]);
    const strict = `{% if messages[0].role == 'assistant' or messages | length == 0 %}<s>{% endif %}{% if add_generation_prompt and messages | length == 0 %}{{ raise_exception('no turns') }}{% endif %}${CHATML}`;
    expect((await learn(strict, [answer("hello")])).learned).toEqual(["hello<|im_end|>"]);
  });

  test("turns after the last answer are left out; two of one speaker stand as they are", async () => {
    expect(await learn(CHATML, [user("a"), user("b"), answer("A"), user("c")])).toEqual({
      learned: ["A<|im_end|>"],
      text: "<|im_start|>user\na<|im_end|>\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n",
      rewrittenAnswers: 0,
    });
  });

  test("a prompt that opens thoughts which the answer does not have ends before them", async () => {
    const opening = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}");
    expect((await learn(opening, [user("a"), answer("A")])).learned).toEqual(["A<|im_end|>"]);
    expect((await learn(opening, [user("a"), answer("<think>\nx</think>A")])).learned).toEqual([
      "x</think>A<|im_end|>",
    ]);
  });

  test("a template without a prompt for answers, and one with generation blocks", async () => {
    const inst =
      "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}";
    expect((await learn(inst, [user("hi"), answer("yo")])).learned).toEqual(["yo<|endoftext|>"]);
    const blocks =
      "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %}{% generation %}{{ m.content + eos_token }}{% endgeneration %}{% endif %}{% endfor %}";
    expect((await learn(blocks, [user("hi"), answer("yo")])).learned).toEqual(["yo<|endoftext|>"]);
  });

  test("special tokens that a text spells are the tokens, as for transformers", async () => {
    const tokenizer = await tokenizerWith(CHATML);
    const { inputIds } = instruct().encode(
      { first: "", messages: [user("a<|im_end|>"), answer("b")], origin: "x:1" },
      tokenizer,
      99,
    );
    expect(inputIds.filter((id) => id === 0)).toHaveLength(3);
  });

  test("the first token is written once where the template writes it too", async () => {
    const tokenizer = await tokenizerWith(`<|endoftext|>${CHATML}`);
    const withBos = { ...tokenizer, special: { ...tokenizer.special, bos: 257 } };
    const encode = (addBos: boolean) =>
      instruct({ addBos }).encode({ first: "", messages: [user("a"), answer("b")], origin: "x:1" }, withBos, 99);
    expect(encode(true)).toEqual(encode(false));
    expect(encode(true).inputIds.filter((id) => id === 257)).toHaveLength(1);
    const pair = instruct({ addBos: true }).encode({ first: "a", second: "b", origin: "x:1" }, withBos, 99);
    expect(pair.inputIds).toEqual([257, 98, 99, 257]);
  });
});

describe("tools", () => {
  const tools = [{ name: "clock", note: "é" }];
  const call = { type: "function", function: { name: "clock", arguments: { zone: "é" } } };

  test("and calls are written by the checkpoint's template, and calls are learned", async () => {
    const messages = [
      user("now?"),
      answer(null, { tool_calls: [call] }),
      { role: "tool", content: "9", name: "clock" },
      answer("9!"),
    ];
    expect(await learn(CALLS, messages, tools)).toEqual({
      learned: ['{"name": "clock", "arguments": {"zone": "é"}}<|im_end|>', "9!<|im_end|>"],
      text: '[{"name": "clock", "note": "é"}]\n[user]now?<|im_end|>\n[assistant]{"name": "clock", "arguments": {"zone": "é"}}<|im_end|>\n[tool]9<|im_end|>\n[assistant]9!<|im_end|>\n',
      rewrittenAnswers: 0,
    });
  });

  test.each([
    ["tools", [user("a"), answer("A")], tools],
    ["turn 2: tool_calls", [user("a"), answer("A", { tool_calls: [call] })], undefined],
    ["turn 2: reasoning_content", [user("a"), answer("A", { reasoning_content: "x" })], undefined],
    ["turn 1: name", [{ ...user("a"), name: "Ann" }, answer("A")], undefined],
  ] as const)("%s that a template does not write are refused by row and field", async (what, messages, given) => {
    const example = { first: "", messages, ...(given && { tools: given }), origin: "train.jsonl:3" };
    const tokenizer = await tokenizerWith(CHATML);
    expect(() => instruct().encode(example, tokenizer, 99)).toThrow(
      `train.jsonl:3: ${what}: the chat_template of the checkpoint does not write it.`,
    );
    for (const template of ["chatml", "plain"] as const) {
      expect(() => instruct({ template }).encode(example, tokenizer, 99)).toThrow(
        `train.jsonl:3: ${what}: the template ${template} does not write it.`,
      );
    }
  });
});

describe("a template that refuses or leaves out a turn", () => {
  const encode = async (template: string, messages: readonly Message[]) =>
    instruct().encode({ first: "", messages, origin: "train.jsonl:3" }, await tokenizerWith(template), 99);

  test("is named with its own words and the row", async () => {
    const alternating = `{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate!') }}{% endif %}{% endfor %}${CHATML}`;
    await expect(encode(alternating, [user("a"), user("b"), answer("A")])).rejects.toThrow(
      /^train\.jsonl:3: The chat_template of .* refuses a conversation of user, user, assistant: Roles must alternate!$/,
    );
  });

  test("names the turn that is in no text", async () => {
    const short = CHATML.replace(
      "<|im_start|>{{ m.role }}",
      "{% if m.role == 'system' %}{% continue %}{% endif %}<|im_start|>{{ m.role }}",
    );
    await expect(encode(short, [{ role: "system", content: "s" }, user("a"), answer("A")])).rejects.toThrow(
      "train.jsonl:3: turn 1 (system): the chat_template of the checkpoint does not write it.",
    );
    const silent = CHATML.replace("{{ m.content }}", "{% if m.role == 'user' %}{{ m.content }}{% endif %}");
    await expect(encode(silent, [user("q"), answer("Z")])).rejects.toThrow(
      "train.jsonl:3: turn 2 (assistant): the chat_template of the checkpoint does not write it.",
    );
  });
});

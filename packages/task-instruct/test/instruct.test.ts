import { gzipSync } from "node:zlib";
import { InvalidInputError, type LanguageModelTask, type Message, NotFoundError, type Tokenizer } from "@blora/spec";
import { createTestTokenizer, testTask } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { instruct } from "../src/index.ts";
import { dataFolder } from "./folder.ts";

const pairs = [
  { prompt: "Name a colour of the sky at noon.", completion: "Blue, unless there are clouds." },
  { prompt: "", completion: "A text to be learned from its second word on." },
];
const conversation = {
  messages: [
    { role: "system", content: "Answer with one word." },
    { role: "user", content: "What floats?" },
    { role: "assistant", content: "Wood." },
    { role: "user", content: "What sinks?" },
    { role: "assistant", content: "Iron." },
  ],
};
const folder = dataFolder({ "train.jsonl": [...pairs, conversation], "validation.jsonl": [conversation, ...pairs] });
const tokenizer: Tokenizer = {
  ...createTestTokenizer(),
  special: { ...createTestTokenizer().special, eos: 2, bos: 1 },
  assemble: (ids) => ({ inputIds: ids, tokenTypeIds: ids.map(() => 0), truncated: false }),
};

testTask(instruct(), { folder });
testTask(instruct({ template: "chatml" }), { folder });

/** The words a row learns, and those it does not, in order. */
function words(task: LanguageModelTask, example: Parameters<LanguageModelTask["encode"]>[0]) {
  const known = new Map<number, string>([
    [1, "<s>"],
    [2, "</s>"],
  ]);
  const spelling = {
    ...tokenizer,
    encode(text: string) {
      const ids = tokenizer.encode(text);
      text
        .split(/\s+/)
        .filter((word) => word !== "")
        .forEach((word, index) => {
          known.set(ids[index]!, word);
        });
      return ids;
    },
  };
  const { inputIds, targets = [] } = task.encode(example, spelling, 100);
  const spelled = inputIds.map((id) => known.get(id));
  return { learned: targets.map((index) => spelled[index]).join(" "), text: spelled.join(" ") };
}

describe("a prompt with its completion", () => {
  test("learns the completion and the end of the text", () => {
    const row = words(instruct(), { first: "What floats?", second: "Wood does.", origin: "x:1" });
    expect(row).toEqual({ learned: "Wood does. </s>", text: "What floats? Wood does. </s>" });
  });

  test("learns one end of the text where the completion spells it", () => {
    const ids: Readonly<Record<string, number>> = { yes: 7, "</s>": 2, q: 5, "\n": 3 };
    const encode = (text: string): number[] => text.match(/yes|<\/s>|q|\n/g)!.map((piece) => ids[piece]!);
    const spelling = { ...tokenizer, encode };
    const [once, spelled] = ["yes", "yes</s>"].map((second) =>
      instruct().encode({ first: "q", second, origin: "x:1" }, spelling, 9),
    );
    expect(once).toMatchObject({ inputIds: [5, 7, 2], targets: [1, 2] });
    expect(spelled).toEqual(once);
  });

  test("learns from the second token on where there is no prompt, or from the first after the first token", () => {
    const example = { first: "", second: "Wood floats.", origin: "x:1" };
    expect(words(instruct(), example).learned).toBe("floats. </s>");
    expect(words(instruct({ addBos: true }), example)).toEqual({
      learned: "Wood floats. </s>",
      text: "<s> Wood floats. </s>",
    });
  });

  test("begins with the first token where the tokenizer begins texts with it, or is said to", () => {
    const assemble = (ids: readonly number[]) => tokenizer.assemble([1, ...ids], undefined, 9);
    const applyChatTemplate = (messages: readonly Message[]) =>
      messages.map(({ role, content }) => `[${role}] ${content}`).join(" ");
    const asLlama = { ...tokenizer, assemble };
    const startOf = (task: LanguageModelTask, spelling: Tokenizer, messages?: readonly Message[]) =>
      task.encode({ first: "q", second: "yes", ...(messages && { messages }), origin: "x:1" }, spelling, 100)
        .inputIds[0];
    const [first, q, system] = [1, ...["q", "[system]"].map((word) => tokenizer.encode(word)[0])];
    expect(startOf(instruct(), tokenizer)).toBe(q);
    expect(startOf(instruct(), asLlama)).toBe(first);
    expect(startOf(instruct({ addBos: false }), asLlama)).toBe(q);
    // What the checkpoint's own template writes begins as it does, here and in transformers.
    const withTemplate = { ...asLlama, applyChatTemplate };
    expect(startOf(instruct({ template: "plain" }), withTemplate, conversation.messages)).toBe(first);
    expect(startOf(instruct(), withTemplate, conversation.messages)).toBe(system);
    expect(startOf(instruct({ addBos: true }), withTemplate, conversation.messages)).toBe(first);
  });

  test("is cut from the end, and says so", () => {
    const encoded = instruct().encode({ first: "a b c", second: "d e f", origin: "x:1" }, tokenizer, 5);
    expect(encoded).toMatchObject({ targets: [3, 4], truncated: true, label: undefined });
    expect(encoded.inputIds).toHaveLength(5);
    const endless = [4, 5, 6, 7].map((length) => {
      const row = instruct().encode({ first: "a b c", second: "d e f", origin: "x:1" }, tokenizer, length);
      return row.cutAnswer;
    });
    // Of six words and the token that ends them.
    expect(endless).toEqual([true, true, true, undefined]);
  });

  test("wants a tokenizer that has a first token where rows begin with one", () => {
    const { bos: _, ...special } = tokenizer.special;
    const encode = () =>
      instruct({ addBos: true }).encode({ first: "a", second: "b", origin: "x:1" }, { ...tokenizer, special }, 5);
    expect(encode).toThrow("addBos: expected a tokenizer with a first token, found one without.");
  });
});

describe("a conversation", () => {
  const example = { first: "", messages: conversation.messages, origin: "x:1" };

  test("in plain text learns what the assistant says, with the end of the text", () => {
    const { learned, text } = words(instruct({ template: "plain" }), example);
    expect(learned).toBe("Wood. </s> Iron. </s>");
    expect(text).toBe(
      "System: Answer with one word. User: What floats? Assistant: Wood. </s> User: What sinks? Assistant: Iron. </s>",
    );
  });

  test("in ChatML learns what the assistant says, with the end of its turn", () => {
    expect(words(instruct({ template: "chatml" }), example).learned).toBe("Wood.<|im_end|> Iron.<|im_end|>");
  });

  test("by the checkpoint's template learns what a turn adds", () => {
    const applyChatTemplate = (messages: readonly { role: string; content: string }[], answering: boolean) =>
      messages.map(({ role, content }) => `[${role}] ${content} [end]\n`).join("") + (answering ? "[assistant] " : "");
    const { targets = [], inputIds } = instruct().encode(example, { ...tokenizer, applyChatTemplate }, 100);
    expect(targets.map((index) => inputIds[index])).toEqual(
      ["Wood.", "[end]", "Iron.", "[end]"].map((word) => tokenizer.encode(word)[0]),
    );
    expect(inputIds).toEqual(tokenizer.encode(applyChatTemplate(example.messages, false)));
  });

  test.each([
    ["plain", "User: What floats?\nAssistant:"],
    ["chatml", "<|im_start|>user\nWhat floats?<|im_end|>\n<|im_start|>assistant\n"],
    ["checkpoint", [{ role: "user", content: "What floats?" }]],
  ] as const)("is asked as it was learned, %s", (template, expected) => {
    const { chat } = instruct({ template, addBos: true });
    expect(chat!.addBos).toBe(true);
    const asked = [{ role: "user", content: "What floats?" }];
    expect(chat!.prompt(asked, { ...tokenizer, applyChatTemplate: () => "" })).toEqual(expected);
  });

  test("refuses a template that does not write the turns, and one that is not there", () => {
    const counting = { ...tokenizer, applyChatTemplate: (messages: readonly unknown[]) => `${messages.length} turns` };
    expect(() => instruct().encode(example, counting, 100)).toThrow(
      "x:1: turn 1 (system): the chat_template of the checkpoint does not write it.",
    );
    expect(() => instruct({ template: "checkpoint" }).encode(example, tokenizer, 100)).toThrow(
      "expected a tokenizer with a chat_template",
    );
  });
});

describe("a data folder", () => {
  const load = (line: string) =>
    instruct().load("train", dataFolder({ "train.jsonl": `{"prompt":"a","completion":"b"}\n${line}\n` }));

  test.each([
    ["not json", "train.jsonl:2: expected a JSON object, found not json."],
    ['{"prompt":"a"}', "train.jsonl:2: expected { prompt, completion } or { messages"],
    ['{"prompt":"a","completion":7}', "train.jsonl:2: completion: expected a text, found 7."],
    ['{"prompt":"a","completion":""}', "train.jsonl:2: expected a completion to learn, found none."],
    [
      '{"messages":[{"role":"user","content":"a"}]}',
      "train.jsonl:2: expected a turn of the assistant to learn, found turns of user.",
    ],
  ])("refuses the row %s by file and row", async (line, message) => {
    await expect(load(line)).rejects.toThrow(message);
    await expect(load(line)).rejects.toSatisfy(InvalidInputError.isInstance);
  });

  test("keeps line breaks inside texts and counts blank lines as rows", async () => {
    const { examples } = await load('\n{"prompt":"a\\nb","completion":"c\u2028d"}');
    expect(examples[1]).toEqual({ first: "a\nb", second: "c\u2028d", origin: "train.jsonl:3" });
  });

  test("may be named by file, and says what there is where a file is missing", async () => {
    const elsewhere = dataFolder({ "training.jsonl": pairs });
    expect((await instruct({ train: "training.jsonl" }).load("training.jsonl", elsewhere)).examples).toHaveLength(2);
    await expect(instruct().load("train", elsewhere)).rejects.toThrow(/split train is not in .*: found training.jsonl/);
    await expect(instruct().load("train", undefined)).rejects.toSatisfy(NotFoundError.isInstance);
    await expect(instruct().load("train", "/absent")).rejects.toThrow("The data folder /absent cannot be read");
  });

  test("may hold a split in shards, gzipped or not", async () => {
    const [first, second] = pairs.map((row) => `${JSON.stringify(row)}\n`);
    const sharded = dataFolder({
      "train-00001-of-00002.jsonl": second!,
      "train-00000-of-00002.jsonl.gz": gzipSync(first!),
      "validation-00001-of-00002.jsonl": second!,
    });
    const { examples } = await instruct().load("train", sharded);
    expect(examples.map(({ origin }) => origin)).toEqual([
      "train-00000-of-00002.jsonl.gz:1",
      "train-00001-of-00002.jsonl:1",
    ]);
    await expect(instruct().load("validation", sharded)).rejects.toThrow(
      "Expected 2 shards of validation.jsonl, found 1",
    );
  });

  test("must be UTF-8", async () => {
    const bytes = Buffer.from('{"prompt":"\xe9","completion":"b"}', "latin1");
    await expect(instruct().load("train", dataFolder({ "train.jsonl": bytes }))).rejects.toThrow("expected UTF-8 text");
  });
});

test("perplexity is exp of the mean negative log-likelihood of all tokens, whatever rows they are in", () => {
  const scores = instruct().score([
    { logLikelihood: -2, tokens: 1, label: undefined },
    { logLikelihood: -1, tokens: 5, label: undefined },
    { logLikelihood: 0, tokens: 0, label: undefined },
  ]);
  expect(scores.logLikelihood).toBeCloseTo(-0.5, 12);
  expect(scores.perplexity).toBeCloseTo(Math.exp(0.5), 12);
});

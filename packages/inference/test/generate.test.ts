import { rmSync } from "node:fs";
import { onnx } from "@blora/engine-onnx";
import { qwen2 } from "@blora/model-qwen2";
import type { PlainAdapter } from "@blora/network";
import type { Engine, Tokenizer } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdaptedModel, type GenerationEnd, generateTokens, type LoadedModel, loadModel } from "../src/index.ts";
import { numberedWords, writeLanguageModel } from "./language-model.ts";

const HEAD = { kind: "language-model" } as const;
const folder = writeLanguageModel();
const engine = onnx({ threads: 1 });
const compiled: string[] = [];
/** Remembers what is compiled. */
const counting: Engine = {
  ...engine,
  compile(step) {
    compiled.push(step.name);
    return engine.compile(step);
  },
};
let base: LoadedModel;
let model: AdaptedModel;

beforeAll(async () => {
  base = await loadModel({ model: folder, architecture: qwen2(), engine: counting, tokenizer: numberedWords });
  model = base.withoutAdapter(HEAD);
});
afterAll(async () => {
  await base.release();
  await engine.release();
  rmSync(folder, { recursive: true, force: true });
});

const ids = Array.from({ length: 140 }, (_, index) => 10 + ((index * 37) % 900));
const collect = async (pieces: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
};

describe("reading with a cache", () => {
  test("gives the logits of reading everything at once, in any parts", async () => {
    const cached = model.openReader();
    const parts = [ids.slice(0, 5), ids.slice(5, 6), ids.slice(6, 7), ids.slice(7, 100), ids.slice(100, 101)];
    let read: number[] = [];
    for (const part of parts) {
      read = [...read, ...part];
      expectAllClose(await cached.read(part), await model.openReader().read(read), { relative: 1e-4, absolute: 1e-5 });
    }
    expect(cached.length).toBe(101);
  });

  test("refuses what is no token of the model, and more than there is room for", async () => {
    const reader = model.openReader();
    for (const id of [1000, -1, 1.5, Number.NaN]) {
      await expect(reader.read([5, id])).rejects.toThrow(
        `Expected token ids from 0, below 1000, the model's vocab_size, found ${id} at 1.`,
      );
    }
    await expect(reader.read([])).rejects.toThrow("Expected tokens to read, found none.");
    await reader.read(ids.slice(0, 130));
    const more = Array.from({ length: 171 }, () => 7);
    await expect(reader.read(more)).rejects.toThrow("Expected at most 170 tokens more, found 171");
    await expect(generateTokens(reader, more, {}).next()).rejects.toThrow(
      "Expected a prompt of at most 170 tokens, the model reads 300 and has read 130, found 171.",
    );
    expect(reader.length).toBe(130);
  });

  test("goes on over the end of a block, token by token", async () => {
    const cached = model.openReader();
    await cached.read(ids.slice(0, 126));
    for (let end = 127; end <= 131; end++) {
      const logits = await cached.read(ids.slice(end - 1, end));
      expectAllClose(logits, await model.openReader().read(ids.slice(0, end)), { relative: 1e-4, absolute: 1e-5 });
    }
  });

  test("uses the adapter", async () => {
    const site = "model.layers.1.mlp.down_proj";
    const update = { rank: 1, A: new Float32Array(24).fill(0.2), B: new Float32Array(16).fill(0.3) };
    const weights: PlainAdapter = {
      updates: new Map([[site, update]]),
      headTensors: {},
      head: HEAD,
      maxSeqLength: 64,
    };
    const [plain, adapted] = [model.openReader(), base.useAdapter(weights).openReader()];
    const [without, changed] = [await plain.read(ids.slice(0, 9)), await adapted.read(ids.slice(0, 9))];
    expect(Math.max(...without.map((logit, index) => Math.abs(logit - changed[index]!)))).toBeGreaterThan(0.01);
  });
});

describe("generated text", () => {
  test("is the likeliest token after the text so far, again and again", async () => {
    const prompt = "word5 word77";
    const text = (await collect(model.generate(prompt, { maxNewTokens: 4 }))).join("");
    let read = [5, 77];
    for (const id of numberedWords.encode(text)) {
      const logits = await model.openReader().read(read);
      expect(id).toBe(logits.indexOf(Math.max(...logits)));
      read = [...read, id];
    }
    expect(read).toHaveLength(6);
  });

  test("arrives token by token", async () => {
    const pieces = await collect(model.generate("word5", { maxNewTokens: 3 }));
    expect(pieces).toHaveLength(3);
  });

  test("is the same for the same seed, and another for another", async () => {
    const sampled = async (seed: number) =>
      (await collect(model.generate("word5", { maxNewTokens: 12, temperature: 1, topP: 0.9, seed }))).join("");
    expect(await sampled(1)).toBe(await sampled(1));
    expect(await sampled(1)).not.toBe(await sampled(2));
  });

  test("ends before a token that stops it", async () => {
    const [first, second] = numberedWords.encode(
      (await collect(model.generate("word5", { maxNewTokens: 2 }))).join(""),
    );
    const stopped = await collect(model.generate("word5", { maxNewTokens: 9, stopIds: [second!] }));
    expect(numberedWords.encode(stopped.join(""))).toEqual([first]);
  });

  test("ends where the network can read no more, with a graph for each block and no more", async () => {
    compiled.length = 0;
    const prompt = ids
      .slice(0, 20)
      .map((id) => `word${id}`)
      .join(" ");
    const pieces = await collect(model.generate(prompt, { maxNewTokens: 1000, stopIds: [], temperature: 1 }));
    expect(pieces).toHaveLength(300 - 20 + 1);
    expect([...new Set(compiled)].filter((name) => name.startsWith("read 1 "))).toEqual(
      compiled.filter((name) => name.startsWith("read 1 ")),
    );
    expect(compiled.length).toBeLessThanOrEqual(4);
  });

  test("says once why it ended", async () => {
    const ends: GenerationEnd[] = [];
    const onEnd = (end: GenerationEnd) => void ends.push(end);
    const written = numberedWords.encode((await collect(model.generate("word5", { maxNewTokens: 2, onEnd }))).join(""));
    await collect(model.generate("word5", { maxNewTokens: 9, stopIds: [written[1]!], onEnd }));
    const long = ids.concat(ids).map((id) => `word${id}`);
    await collect(model.generate(long.join(" "), { maxNewTokens: 100, stopIds: [], onEnd }));
    expect(ends).toEqual(["max-new-tokens", "stop-token", "model-limit"]);
  });

  test("begins with the first token once, where the prompt begins with it too", async () => {
    const tokenizer = { ...numberedWords, special: { ...numberedWords.special, bos: 3 } };
    const loaded = await loadModel({ model: folder, architecture: qwen2(), engine, tokenizer });
    const write = (prompt: string, addBos?: boolean) =>
      collect(
        loaded.withoutAdapter(HEAD).generate(prompt, { maxNewTokens: 4, ...(addBos !== undefined && { addBos }) }),
      );
    const given = await write("word3 word7 word21", false);
    expect(await write("word3 word7 word21", true)).toEqual(given);
    expect(await write("word7 word21", true)).toEqual(given);
    expect(await write("word7 word21")).not.toEqual(given);
    await loaded.release();
    const assemble: Tokenizer["assemble"] = (ids) => ({ inputIds: [3, ...ids], tokenTypeIds: [], truncated: false });
    const asLlama = { ...tokenizer, assemble, applyChatTemplate: () => "word7 word21" };
    const beginning = await loadModel({ model: folder, architecture: qwen2(), engine, tokenizer: asLlama });
    const writer = beginning.withoutAdapter(HEAD);
    expect(await collect(writer.generate("word7 word21", { maxNewTokens: 4 }))).toEqual(given);
    // A conversation begins as the template writes it.
    const asked = [{ role: "user", content: "" }];
    const chat = await collect(writer.generate(asked, { maxNewTokens: 4 }));
    expect(chat).toEqual(await collect(writer.generate("word7 word21", { maxNewTokens: 4, addBos: false })));
    expect(await collect(writer.generate(asked, { maxNewTokens: 4, addBos: true }))).toEqual(given);
    await beginning.release();
  });

  test("says what is wrong with a prompt or an option", async () => {
    const failure = (prompt: string, options = {}) => collect(model.generate(prompt, options));
    await expect(failure("")).rejects.toThrow("Expected a prompt of at least one token, found none.");
    const long = Array.from({ length: 301 }, () => "word7").join(" ");
    await expect(failure(long)).rejects.toThrow(
      "Expected a prompt of at most 300 tokens, the most the model reads, found 301.",
    );
    for (const temperature of [-1, Number.NaN, Infinity]) {
      await expect(failure("word7", { temperature })).rejects.toThrow(
        `temperature: expected a number from 0, found ${temperature}.`,
      );
    }
    for (const topP of [0, -0.1, 1.1, Number.NaN]) {
      await expect(failure("word7", { topP })).rejects.toThrow(
        `topP: expected a number above 0, up to 1, found ${topP}.`,
      );
    }
    for (const maxNewTokens of [0, -1, 1.5, Number.NaN]) {
      await expect(failure("word7", { maxNewTokens })).rejects.toThrow(
        `maxNewTokens: expected a whole number above 0, found ${maxNewTokens}.`,
      );
    }
    for (const seed of [-1, 1.5, 2 ** 32, Number.NaN]) {
      await expect(failure("word7", { seed })).rejects.toThrow(
        `seed: expected a whole number from 0 to 4294967295, found ${seed}.`,
      );
    }
    await expect(failure("word7", { maxNewToken: 3 })).rejects.toThrow("found maxNewToken. Did you mean maxNewTokens?");
    for (const prompt of [undefined, 5, [], ["word7"], { role: "user", content: "word7" }]) {
      await expect(failure(prompt as unknown as string)).rejects.toThrow(
        `Expected a prompt that is a text, or a list of messages with a role and a content, found ${JSON.stringify(prompt)}.`,
      );
    }
    await expect(model.logits(["word7"])).rejects.toThrow(
      "logits does not go with an adapter whose head is language-model. Use generate or openReader.",
    );
    await expect(collect(model.generate([{ role: "user", content: "word7" }]))).rejects.toThrow("chat_template");
    expect(() => base.withoutAdapter({ kind: "regression" })).toThrow(
      "expected the head tensors score.weight, found it neither in the adapter nor in the checkpoint",
    );
    expect(() => base.withoutAdapter({ kind: "masked-language-model" })).toThrow("qwen2: expected a language-model,");
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { bert } from "@blora/model-bert";
import { qwen2 } from "@blora/model-qwen2";
import { loadTokenizer } from "@blora/tokenizer";
import { afterAll, describe, expect, test } from "vitest";
import { writeTinyBert } from "../../../internal/tiny-models/tiny-bert.ts";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { chooseToken, loadModel } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "blora-numbers-"));
const engine = onnx({ threads: 1 });
const SAMPLINGS = [
  { temperature: 0, topP: 1 },
  { temperature: 1, topP: 1 },
  { temperature: 1, topP: 0.9 },
] as const;

afterAll(async () => {
  await engine.release();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(SAMPLINGS)("the next token at temperature $temperature and share $topP", (sampling) => {
  const choose = (...logits: number[]) => chooseToken(Float32Array.from(logits), sampling, 0.5);

  test.each([
    [[Number.NaN, 0, 0, 0, 0, 9, 0, 0], "found NaN for token 0"],
    [[0, 9, Number.NaN], "found NaN for token 2"],
    [[0, Infinity], "found Infinity for token 1"],
  ])("is none among %j", (logits, message) => {
    expect(() => choose(...logits)).toThrow(expect.objectContaining({ name: "NumericalError" }));
    expect(() => choose(...logits)).toThrow(message);
  });

  test("is never a forbidden one, and none where all are", () => {
    expect(choose(-Infinity, -2, -Infinity)).toBe(1);
    expect(chooseToken(Float32Array.of(-2, -Infinity), sampling, 1)).toBe(0);
    expect(() => choose(-Infinity, -Infinity)).toThrow("Expected a token that may come next, found none among 2.");
    expect(() => choose()).toThrow("found none among 0");
  });
});

test("a language model that computes no numbers writes nothing", async () => {
  const model = join(folder, "qwen2");
  writeTinyQwen2(model, { randomHead: true, norm: Number.NaN });
  const loaded = await loadModel({ model, architecture: qwen2(), engine, tokenizer: loadTokenizer });
  const writer = loaded.withoutAdapter({ kind: "language-model" });
  for (const sampling of SAMPLINGS) {
    const pieces = writer.generate("hi", { maxNewTokens: 3, ...sampling })[Symbol.asyncIterator]();
    await expect(pieces.next()).rejects.toMatchObject({
      name: "NumericalError",
      message: `${model}: expected finite logits, found NaN at entry 0. A weight of the model or of its adapter is not finite, or too large to compute with.`,
    });
  }
});

test("a classifier says which text it computes no numbers for", async () => {
  const model = join(folder, "bert");
  writeTinyBert(model, { labels: 2, tensors: { "bert.embeddings.LayerNorm.bias": [Number.NaN, 24] } });
  const loaded = await loadModel({ model, architecture: bert(), engine, tokenizer: loadTokenizer });
  const classifier = loaded.withoutAdapter({ kind: "classification", labels: ["no", "yes"] });
  await expect(classifier.classify(["a dog barks", "a dog"])).rejects.toMatchObject({
    name: "NumericalError",
    message: expect.stringMatching(/bert: expected finite logits, found NaN at text 2\. /),
  });
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bert } from "@blora/model-bert";
import { qwen2 } from "@blora/model-qwen2";
import { openNetwork } from "@blora/network";
import type { Architecture, Head } from "@blora/spec";
import { openCheckpoint } from "@blora/weights";
import { env, pipeline, type TextClassificationPipeline } from "@huggingface/transformers";
import { afterAll, expect, test } from "vitest";
import { writeTinyBert } from "../../../internal/tiny-models/tiny-bert.ts";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { type ExportSummary, exportOnnx } from "../src/index.ts";
import { drawnAdapter } from "./models.ts";

const folder = mkdtempSync(join(tmpdir(), "blora-limit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const labels: Head = { kind: "classification", labels: ["no", "yes"] };

async function exported(architecture: Architecture, model: string, head: Head): Promise<ExportSummary> {
  const network = openNetwork(architecture, openCheckpoint(join(folder, model)), model);
  return exportOnnx({ network, adapter: drawnAdapter(network, head), out: join(folder, `${model}-onnx`) });
}

const maxLengthIn = (name: string): unknown =>
  JSON.parse(readFileSync(join(folder, name, "tokenizer_config.json"), "utf8")).model_max_length;

test("a pipeline cuts a long text at the positions of the model, whose tokenizer names no limit", async () => {
  writeTinyBert(join(folder, "bert"), { labels: 2 });
  expect(maxLengthIn("bert")).toBeGreaterThan(1e20);
  expect((await exported(bert(), "bert", labels)).longest).toBe(40);
  expect(maxLengthIn("bert-onnx")).toBe(40);
  expect(maxLengthIn("bert")).toBeGreaterThan(1e20);
  env.localModelPath = folder;
  env.allowRemoteModels = false;
  const pipe = (await pipeline("text-classification", "bert-onnx", { dtype: "fp32" })) as TextClassificationPipeline;
  const { input_ids } = pipe.tokenizer("a dog ".repeat(200), { truncation: true }) as { input_ids: { dims: number[] } };
  expect(input_ids.dims).toEqual([1, 40]);
  const [answer] = (await pipe("a dog ".repeat(200))) as { score: number }[];
  expect(answer!.score).toBeGreaterThan(0.5);
});

test("a limit below the model's stays, and is added where there is none", async () => {
  writeTinyBert(join(folder, "short"), { labels: 2, files: { "tokenizer_config.json": { model_max_length: 16 } } });
  await exported(bert(), "short", labels);
  expect(maxLengthIn("short-onnx")).toBe(16);
  writeTinyQwen2(join(folder, "qwen2"), { files: { "tokenizer_config.json": { eos_token: "<|endoftext|>" } } });
  expect((await exported(qwen2(), "qwen2", { kind: "language-model" })).longest).toBe(32768);
  expect(maxLengthIn("qwen2-onnx")).toBe(32768);
});

test("an adapter that answers whole texts keeps the length it was trained with", async () => {
  writeTinyBert(join(folder, "trained"), { labels: 2 });
  const network = openNetwork(bert() as Architecture, openCheckpoint(join(folder, "trained")), "trained");
  const adapter = { ...drawnAdapter(network, labels), maxSeqLength: 12 };
  expect((await exportOnnx({ network, adapter, out: join(folder, "trained-onnx") })).longest).toBe(12);
  expect(maxLengthIn("trained-onnx")).toBe(12);
});

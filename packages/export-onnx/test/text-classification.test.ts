import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptabilityExamples, builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { type AdaptedModel, createLoadedModel } from "@blora/inference";
import { debertaV2 } from "@blora/model-deberta-v2";
import { openNetwork, openPlain } from "@blora/network";
import { expectAllClose } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { env, pipeline, type TextClassificationPipeline } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportInMemory, exportOnnx, measureExport } from "../src/index.ts";
import { drawnAdapter } from "./models.ts";

const head = { kind: "classification", labels: ["unacceptable", "acceptable", "unclear"] } as const;
const network = openNetwork(debertaV2(), openCheckpoint(builtinModelFolder()), "builtin");
const adapter = drawnAdapter(network, head);
const texts = acceptabilityExamples("validation", 12).map(({ first }) => first);
/** Just short of the 512 tokens the model takes. */
const longest = Array.from({ length: 66 }, (_, index) => texts[index % texts.length]).join(" ");
let models: string;
let ours: AdaptedModel;

beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), "blora-export-"));
  env.localModelPath = models;
  env.allowRemoteModels = false;
  const tokenizer = await loadTokenizer(builtinModelFolder());
  ours = createLoadedModel({ network, tokenizer, engine: onnx({ threads: 1 }) }).useAdapter(adapter);
});
afterAll(() => rm(models, { recursive: true, force: true }));

async function load(name: string, dtype: "fp32" | "q8" | "q4"): Promise<TextClassificationPipeline> {
  return pipeline("text-classification", name, { dtype }) as Promise<TextClassificationPipeline>;
}

/** Logits of the pipeline's own model for texts tokenized by its own tokenizer. */
async function theirLogits({ tokenizer, model }: TextClassificationPipeline, batch: string[]): Promise<number[][]> {
  const { logits } = await model(tokenizer(batch, { padding: true }));
  return logits.tolist();
}

describe.each(["merged", "branch"] as const)("an export with the adapter %s", (adapterForm) => {
  it("gives transformers.js our logits at every batch and length", async () => {
    const name = `deberta-${adapterForm}`;
    const summary = await exportOnnx({ network, adapter, out: join(models, name), adapterForm });
    expect(summary).toMatchObject({ file: "onnx/model.onnx", dtype: "fp32", longest: 512 });
    const pipe = await load(name, "fp32");
    for (const batch of [texts.slice(0, 1), texts.slice(1, 4), texts, [texts.join(" ")], ["."], [longest]]) {
      const expected = (await ours.logits(batch)).flatMap((row) => [...row]);
      expectAllClose((await theirLogits(pipe, batch)).flat(), expected, { absolute: 2e-5, relative: 1e-4 });
    }
  });

  it("classifies through the pipeline with our labels and probabilities", async () => {
    const pipe = await load(`deberta-${adapterForm}`, "fp32");
    const [expected] = await ours.classify([texts[0]!]);
    const [found] = (await pipe(texts[0]!)) as { label: string; score: number }[];
    expect(found!.label).toBe(expected!.label);
    expect(found!.score).toBeCloseTo(expected!.score, 4);
  });
});

describe.each([
  { weights: "int8", dtype: "q8", share: 0.3, tolerance: 0.02 },
  { weights: "int4", dtype: "q4", share: 0.25, tolerance: 0.1 },
] as const)("an export with $weights weights", ({ weights, dtype, share, tolerance }) => {
  it("is smaller and gives nearly our logits, also with the adapter beside the weights", async () => {
    const full = await exportOnnx({ network, adapter, out: join(models, "full") });
    for (const adapterForm of ["merged", "branch"] as const) {
      const name = `deberta-${weights}-${adapterForm}`;
      const summary = await exportOnnx({ network, adapter, out: join(models, name), weights, adapterForm });
      expect(summary.dtype).toBe(dtype);
      expect(summary.bytes / full.bytes).toBeLessThan(share);
      const expected = (await ours.logits(texts)).flatMap((row) => [...row]);
      const found = (await theirLogits(await load(name, dtype), texts)).flat();
      const spread = Math.max(...expected) - Math.min(...expected);
      expectAllClose(found, expected, { absolute: tolerance * spread, relative: 0 });
    }
  });
});

describe("measureExport", () => {
  const engine = onnx({ threads: 1 });
  const file = () => join(models, "deberta-merged", "onnx", "model.onnx");

  it("finds a graph equal to the model it came from", async () => {
    const { largestDifference, largestLogit } = await measureExport({
      network: openPlain(network, adapter, "drawn"),
      engine,
      file: file(),
    });
    expect(largestDifference).toBeLessThan(1e-4);
    expect(largestLogit).toBeGreaterThan(0.1);
  });

  it("tells a graph of another adapter", async () => {
    const other = drawnAdapter(network, head, 2);
    expect(
      (await measureExport({ network: openPlain(network, other, "other"), engine, file: file() })).largestDifference,
    ).toBeGreaterThan(0.1);
  });
});

it.each(["float32", "int8"] as const)("makes the same files in memory, with %s weights", async (weights) => {
  const out = join(models, `in-memory-${weights}`);
  await exportOnnx({ network, adapter, out, weights });
  const folder = builtinModelFolder();
  const tokenizer = ["config.json", "tokenizer.json", "tokenizer_config.json"];
  const companions = new Map(
    await Promise.all(
      tokenizer.map(async (name) => [name, new Uint8Array(await readFile(join(folder, name)))] as const),
    ),
  );
  const files = exportInMemory({ network, adapter, companions, weights });
  const written = (await readdir(out, { recursive: true })).filter((name) => /\.(?:onnx|json)$/.test(name));
  expect([...files.keys()].sort()).toEqual(written.sort());
  for (const [name, bytes] of files) expect((await readFile(join(out, name))).equals(bytes), name).toBe(true);
});

it("keeps what the model folder says and adds the labels", async () => {
  const config = JSON.parse(await readFile(join(models, "deberta-merged", "config.json"), "utf8"));
  expect(config).toMatchObject({
    model_type: "deberta-v2",
    hidden_size: 128,
    architectures: ["DebertaV2ForSequenceClassification"],
    id2label: { 0: "unacceptable", 1: "acceptable", 2: "unclear" },
    label2id: { unacceptable: 0, acceptable: 1, unclear: 2 },
    "transformers.js_config": { dtype: "fp32", use_external_data_format: { "model.onnx": 0 } },
  });
});

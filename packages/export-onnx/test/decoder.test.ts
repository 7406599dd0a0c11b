import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { llama } from "@blora/model-llama";
import { phi } from "@blora/model-phi";
import { qwen2 } from "@blora/model-qwen2";
import { openPlain } from "@blora/network";
import { expectAllClose, type ReferenceCase, useCpuBackend } from "@blora/testing";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnx, measureExport } from "../src/index.ts";
import { type Reference, readReference, valuesOf } from "./reference.ts";

const models = [
  { name: "qwen2.5", architecture: qwen2(), adapterForm: "merged" },
  { name: "qwen1.5-untied-bfloat16", architecture: qwen2(), adapterForm: "merged" },
  { name: "qwen3-shards", architecture: qwen2(), adapterForm: "branch" },
  { name: "phi-2", architecture: phi(), adapterForm: "branch" },
  { name: "phi-float16", architecture: phi(), adapterForm: "merged" },
  { name: "llama-3", architecture: llama(), adapterForm: "merged" },
  { name: "llama-biases", architecture: llama(), adapterForm: "branch" },
  { name: "mistral", architecture: llama(), adapterForm: "merged" },
] as const;

useCpuBackend();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-decoder-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** int64 [B, last - first] of some columns of rows. */
function columns(rows: readonly (readonly number[])[], first: number, last: number): Tensor {
  const part = rows.flatMap((row) => row.slice(first, last));
  return new Tensor("int64", BigInt64Array.from(part, BigInt), [rows.length, last - first]);
}

/** Places of tokens as transformers counts them: from the first one that is not padding. */
function placesOf({ position_ids, attention_mask }: ReferenceCase): readonly (readonly number[])[] {
  if (position_ids !== undefined) return position_ids;
  return attention_mask.map((row) => {
    let count = 0;
    return row.map((isToken) => (isToken === 1 ? count++ : 1));
  });
}

/** Logits [B, T, V] of a batch fed in pieces that end at `cuts`, each with the keys and values of those before. */
async function run(
  session: InferenceSession,
  batch: ReferenceCase,
  cuts: readonly number[],
): Promise<(row: number, place: number) => Float32Array> {
  const B = batch.input_ids.length;
  const pieces: { first: number; logits: Tensor }[] = [];
  let past: Record<string, Tensor> = Object.fromEntries(
    session.inputMetadata.flatMap((input) => {
      if (!input.isTensor || !input.name.startsWith("past_key_values")) return [];
      const [, heads, , size] = input.shape as number[];
      return [[input.name, new Tensor("float32", new Float32Array(0), [B, heads!, 0, size!])]];
    }),
  );
  let first = 0;
  for (const last of cuts) {
    const outputs = await session.run({
      input_ids: columns(batch.input_ids, first, last),
      attention_mask: columns(batch.attention_mask, 0, last),
      position_ids: columns(placesOf(batch), first, last),
      ...past,
    });
    pieces.push({ first, logits: outputs.logits! as Tensor });
    past = Object.fromEntries(
      Object.keys(past).map((name) => [name, outputs[name.replace("past_key_values", "present")]! as Tensor]),
    );
    first = last;
  }
  return (row, place) => {
    const piece = pieces.findLast(({ first }) => first <= place)!;
    const [, T, V] = piece.logits.dims as [number, number, number];
    const start = (row * T + place - piece.first) * V;
    return (piece.logits.data as Float32Array).slice(start, start + V);
  };
}

describe.each(models)("$name, adapter $adapterForm", ({ name, architecture, adapterForm }) => {
  let reference: Reference;
  let session: InferenceSession;

  beforeAll(async () => {
    reference = readReference(architecture, `causal/${name}`);
    const out = join(folder, name);
    const { file } = await exportOnnx({ ...reference, out, adapterForm });
    session = await InferenceSession.create(join(out, file));
  });
  afterAll(() => session.release());

  it("gives Hugging Face's logits, whole or in pieces with a cache", async () => {
    for (const [key, batch] of Object.entries(reference.model.cases)) {
      const T = batch.input_ids[0]!.length;
      const expected = valuesOf(reference.model.expected.get(`${key}/logits`)!);
      const everyToken = Array.from({ length: T }, (_, index) => index + 1);
      for (const cuts of [[T], ...(T > 4 ? [[3, T], everyToken] : [])]) {
        const logitsAt = await run(session, batch, cuts);
        const found = batch.positions!.flatMap((flat) => [...logitsAt(Math.floor(flat / T), flat % T)]);
        expectAllClose(found, expected, { absolute: 1e-4, relative: 1e-4 });
      }
    }
  });

  it("is measured as equal to the model", async () => {
    const engine = onnx({ threads: 1 });
    const file = join(folder, name, "onnx", "model.onnx");
    const { largestDifference, largestLogit } = await measureExport({
      network: openPlain(reference.network, reference.adapter, "reference"),
      engine,
      file,
    });
    expect(largestDifference).toBeLessThan(1e-4 * Math.max(1, largestLogit));
    await engine.release();
  });

  it("names its inputs and outputs as transformers.js expects them", () => {
    const { layers } = architecture.languageModel!.cache(reference.network.config as never);
    const names = (prefix: string) =>
      Array.from({ length: layers }, (_, layer) => [`${prefix}.${layer}.key`, `${prefix}.${layer}.value`]).flat();
    expect(session.inputNames).toEqual(["input_ids", "attention_mask", "position_ids", ...names("past_key_values")]);
    expect(session.outputNames).toEqual(["logits", ...names("present")]);
  });
});

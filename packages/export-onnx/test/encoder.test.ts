import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import { llama } from "@blora/model-llama";
import { modernBert } from "@blora/model-modernbert";
import { phi } from "@blora/model-phi";
import { qwen2 } from "@blora/model-qwen2";
import { roberta } from "@blora/model-roberta";
import { expectAllClose, useCpuBackend } from "@blora/testing";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnx } from "../src/index.ts";
import { readReference, valuesOf } from "./reference.ts";

useCpuBackend();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-encoder-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  { path: "bert/pairs", architecture: bert() },
  { path: "bert/regression", architecture: bert() },
  { path: "deberta-v2/v3-regression", architecture: debertaV2() },
  { path: "bert/tokens", architecture: bert() },
  { path: "deberta-v2/tokens", architecture: debertaV2() },
  { path: "modernbert/tokens", architecture: modernBert() },
  { path: "roberta/tokens", architecture: roberta() },
  { path: "roberta/pairs", architecture: roberta() },
  { path: "roberta/regression", architecture: roberta() },
  { path: "modernbert/local-and-global", architecture: modernBert() },
  { path: "modernbert/mean-and-biases", architecture: modernBert() },
  { path: "causal/qwen2-classes", architecture: qwen2() },
  { path: "causal/llama-number", architecture: llama() },
  { path: "causal/phi-several", architecture: phi() },
])("$path", ({ path, architecture }) => {
  it.each(["merged", "branch"] as const)("gives Hugging Face's logits, adapter %s", async (adapterForm) => {
    const { network, adapter, model } = readReference(architecture, path);
    const out = join(folder, path, adapterForm);
    const { file } = await exportOnnx({ network, adapter, out, adapterForm });
    const session = await InferenceSession.create(join(out, file));
    for (const [key, batch] of Object.entries(model.cases)) {
      const shape = [batch.input_ids.length, batch.input_ids[0]!.length];
      const integers = (rows: readonly (readonly number[])[]) =>
        new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), shape);
      const types = batch.token_type_ids ?? batch.input_ids.map((row) => row.map(() => 0));
      const feeds = {
        input_ids: integers(batch.input_ids),
        attention_mask: integers(batch.attention_mask),
        ...(session.inputNames.includes("token_type_ids") ? { token_type_ids: integers(types) } : {}),
      };
      const { logits } = await session.run(feeds);
      const expected = valuesOf(model.expected.get(`${key}/logits`)!);
      expect(logits!.dims).toEqual(model.expected.get(`${key}/logits`)!.shape);
      const isToken = batch.attention_mask.flat().map((mask) => mask === 1);
      const C = logits!.dims.at(-1)!;
      // Logits of padding mean nothing, where tokens have logits.
      const kept = (values: Float32Array) =>
        logits!.dims.length === 2 ? values : values.filter((_, index) => isToken[Math.floor(index / C)]);
      expectAllClose(kept(logits!.data as Float32Array), kept(expected), { absolute: 1e-4, relative: 1e-4 });
    }
    await session.release();
  });
});

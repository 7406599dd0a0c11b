import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import { expectAllClose, useCpuBackend } from "@blora/testing";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, it } from "vitest";
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
      expectAllClose(logits!.data as Float32Array, expected, { absolute: 1e-4, relative: 1e-4 });
    }
    await session.release();
  });
});

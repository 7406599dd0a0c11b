import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import type { FrozenTensor } from "@blora/spec";
import { frozenLinear, type Tensor } from "@blora/tensor";
import { expectAllClose, type ReferenceCase, toBatch, useCpuBackend } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { matchParameters, openCheckpoint } from "@blora/weights";
import { describe, expect, it } from "vitest";
import { bert } from "../src/index.ts";
import { readJson } from "./fixtures.ts";

interface Reference extends Omit<ReferenceCase, "labels"> {
  readonly pairs: readonly (readonly [string, string])[];
  readonly logits: readonly (readonly number[])[];
}

// `npm run bench:models` puts the model there.
const models = process.env.BLORA_MODELS ?? join(homedir(), ".cache", "blora", "models");
const folder = join(models, "all-MiniLM-L6-v2");
const reference = readJson("minilm.json") as Reference;
const [B, T] = [reference.input_ids.length, reference.input_ids[0]!.length];

describe.skipIf(!existsSync(join(folder, "model.safetensors")))("all-MiniLM-L6-v2, the real weights", () => {
  useCpuBackend();

  it("tokenizes as Hugging Face does", async () => {
    const { encode, assemble } = await loadTokenizer(folder);
    for (const [row, [first, second]] of reference.pairs.entries()) {
      const { inputIds, tokenTypeIds } = assemble(encode(first), encode(second), 512);
      expect(inputIds).toEqual(reference.input_ids[row]!.slice(0, inputIds.length));
      expect(tokenTypeIds).toEqual(reference.token_type_ids![row]!.slice(0, inputIds.length));
    }
  });

  it("gives Hugging Face's logits", async () => {
    const architecture = bert();
    const checkpoint = openCheckpoint(folder);
    const config = architecture.parseConfig(checkpoint.config);
    const head = { kind: "classification", labels: ["a", "b", "c"] } as const;
    const { found, initialized } = matchParameters(architecture.parameters(config, head), checkpoint, {
      aliases: (name) => architecture.aliases!(name),
    });
    expect(initialized.map(({ name }) => name)).toEqual(["classifier.weight", "classifier.bias"]);
    const frozen = new Map<string, FrozenTensor>([...found].map(([name, stored]) => [name, checkpoint.frozen(stored)]));
    const classifier = Float32Array.from({ length: 3 * config.hiddenSize }, (_, index) => Math.sin(index));
    frozen.set("classifier.weight", { shape: [3, config.hiddenSize], storage: "f32", source: classifier });
    frozen.set("classifier.bias", { shape: [3], storage: "f32", source: new Float32Array(3) });

    const batch = toBatch({ ...reference, labels: [] });
    const engine = onnx();
    const step = await engine.compile({
      name: "logits",
      mode: "eval",
      inputs: {
        inputIds: { shape: [B, T], dtype: "int32" },
        attentionMask: { shape: [B, T], dtype: "float32" },
        tokenTypeIds: { shape: [B, T], dtype: "int32" },
      },
      trainable: {},
      frozen,
      compute: ({ input, frozen: lookup, context }) => {
        const linear = (path: string, x: Tensor) => frozenLinear(x, lookup(`${path}.weight`), lookup(`${path}.bias`));
        return {
          outputs: { logits: architecture.forward({ config, head, lookup, batch: input as never, linear, context }) },
        };
      },
    });
    const feeds = Object.fromEntries(
      Object.entries(batch).map(([name, tensor]) => [name, (tensor as Tensor).dataSync() as Float32Array | Int32Array]),
    );
    const { outputs } = await step.run(feeds, {}, { seed: 0, step: 0 });
    expectAllClose(outputs.logits!, reference.logits.flat(), { relative: 1e-4, absolute: 1e-4 });
    await step.release();
    await engine.release();
  });
});

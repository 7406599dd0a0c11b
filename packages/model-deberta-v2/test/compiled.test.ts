import { onnx } from "@blora/engine-onnx";
import type { FrozenTensor, StepDefinition } from "@blora/spec";
import { expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { debertaV2 } from "../src/index.ts";
import { forwardInputs, meanLoss, readOptionSet, toBatch } from "./fixtures.ts";

describe("the compiled step", () => {
  useCpuBackend();

  it.each(["v3", "separate-keys", "v2-xlarge", "absolute-positions", "masked-language-model"])(
    "gives Hugging Face's logits and gradients (%s)",
    async (name) => {
      const set = readOptionSet(name);
      const architecture = debertaV2();
      const keys = [...set.expected.keys()].filter((key) => key.startsWith("adapter/"));
      const values = (key: string): Float32Array => Float32Array.from(valuesOf(set.expected.get(key)!));
      const frozen = new Map<string, FrozenTensor>(
        [...set.checkpoint].map(([key, tensor]) => [
          key,
          { shape: tensor.shape, storage: "f32", source: Float32Array.from(valuesOf(tensor)) },
        ]),
      );
      const engine = onnx();
      for (const [title, batch] of Object.entries(set.cases)) {
        const { inputIds, attentionMask, tokenTypeIds, positions } = toBatch(batch);
        const feeds = {
          inputIds,
          attentionMask,
          ...(tokenTypeIds && { tokenTypeIds }),
          ...(positions && { positions }),
        };
        const definition: StepDefinition = {
          name: `${name} ${title}`,
          mode: "train",
          inputs: Object.fromEntries(
            Object.entries(feeds).map(([key, tensor]) => [
              key,
              { shape: tensor.shape, dtype: tensor.dtype as "int32" },
            ]),
          ),
          trainable: Object.fromEntries(keys.map((key) => [key, set.expected.get(key)!.shape])),
          frozen,
          compute: ({ input, trainable, frozen: lookup, context }) => {
            const matrices = new Map(keys.map((key) => [key.slice("adapter/".length), trainable[key]!]));
            const checkpoint = { has: (key: string) => set.checkpoint.has(key), get: lookup } as never;
            const inputs = forwardInputs(architecture, { ...set, checkpoint }, input as never, matrices, context);
            const logits = architecture.forward(inputs);
            return { loss: meanLoss(set.head, logits, batch.labels), outputs: { logits } };
          },
        };
        const step = await engine.compile(definition);
        const result = await step.run(
          Object.fromEntries(
            Object.entries(feeds).map(([key, tensor]) => [key, tensor.dataSync() as Float32Array | Int32Array]),
          ),
          Object.fromEntries(keys.map((key) => [key, values(key)])),
          { seed: 0, step: 0 },
        );
        const tolerance = { relative: 1e-4, absolute: 1e-5 };
        expectAllClose(result.outputs.logits!, values(`${title}/logits`), tolerance);
        expectAllClose(result.loss!, values(`${title}/loss`), tolerance);
        for (const key of keys) {
          expectAllClose(
            result.gradients[key]!,
            values(`${title}/gradient/${key.slice("adapter/".length)}`),
            tolerance,
          );
        }
        await step.release();
      }
      await engine.release();
      expect(keys.length).toBeGreaterThan(0);
    },
  );
});

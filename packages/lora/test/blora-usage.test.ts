import { bops } from "@blora/bops";
import { uniform } from "@blora/quantizers";
import { ops } from "@blora/tensor";
import { useCpuBackend } from "@blora/testing";
import { expect, test } from "vitest";
import { createBlora, storeAt } from "./support/blora.ts";
import { createMemoryStore } from "./support/memory-store.ts";
import { siteOf } from "./support/reference.ts";

useCpuBackend();

test("usage gives the golden bit operations of a site of rank 3 out of 8", () => {
  const site = siteOf("layer.0.intermediate", 768, 3072);
  const method = createBlora({ rank: 8, scope: "site", quantizer: uniform({ bits: 8 }) });
  const store = createMemoryStore(method, [site]);
  const quantizers = ["A", "E", "B", "W0", "input", "afterA", "afterE"];
  store.update(site.path, {
    layout: {
      phase: "settle",
      rank: 3,
      signed: Object.fromEntries(quantizers.map((operand) => [operand, true])),
      bits: { W0: 8, input: 16, A: 4, B: 2, E: 8, afterA: 8, afterE: 4 },
    },
    parameters: {
      E: { shape: [3], values: Float32Array.of(1, 1, 1), group: "weights" },
      "E.logRange": { shape: [], values: Float32Array.of(0), group: "ranges" },
    },
  });
  const usage = method.usage(site, store.get(site.path));
  const { rows } = bops().measured([usage], 128);
  expect(Object.fromEntries(rows.map(({ matrix, cost }) => [matrix, cost]))).toEqual({
    W0: 38_654_705_664n,
    A: 18_874_368n,
    E: 24_576n,
    B: 9_437_184n,
  });
  // Plain LoRA has no E: 1024 · 128 · 8 less than the appendix, which counts it.
  const baseline = bops().measured([method.baselineUsage(site)], 128).total;
  expect(baseline + 1024n * 128n * 8n).toBe(313_265_225_728n);
});

test("each scope reports the operands it holds", async () => {
  const site = siteOf("layer.0.query", 6, 5);
  const rows = async (scope: "adapter" | "adapter+activations" | "site") => {
    const method = createBlora({ scope, quantizer: uniform({ bits: 8 }) });
    const store = await storeAt(method, [site], 1, {
      weight: () => new Float32Array(30).fill(1),
      input: () => ops.ones([2, 6]),
    });
    expect(method.scope).toBe(scope);
    return method
      .usage(site, store.get(site.path))
      .matmuls.map(({ matrix, macsPerToken, weightBits, inputBits }) => [matrix, macsPerToken, weightBits, inputBits]);
  };
  expect(await rows("adapter")).toEqual([
    ["A", 24, 8, 32],
    ["E", 4, 8, 32],
    ["B", 20, 8, 32],
  ]);
  expect(await rows("adapter+activations")).toEqual([
    ["A", 24, 8, 8],
    ["E", 4, 8, 8],
    ["B", 20, 8, 8],
  ]);
  expect((await rows("site")).at(-1)).toEqual(["W0", 30, 8, 8]);
});

test("the baseline is plain LoRA at the starting rank, with the frozen product at scope site alone", () => {
  const site = siteOf("layer.0.query", 6, 5);
  const macs = (scope: "adapter" | "site") =>
    createBlora({ scope })
      .baselineUsage(site)
      .matmuls.map(({ matrix, macsPerToken, keep, weightBits, inputBits }) => [
        matrix,
        macsPerToken * keep,
        weightBits,
        inputBits,
      ]);
  expect(macs("adapter")).toEqual([
    ["A", 24, 32, 32],
    ["B", 20, 32, 32],
  ]);
  expect(macs("site").at(-1)).toEqual(["W0", 30, 32, 32]);
});

test("usage follows hard gates while they are learned and the layout once it is fixed", async () => {
  const site = siteOf("layer.0.query", 6, 5);
  const method = createBlora();
  const store = await storeAt(method, [site], 1);
  store.get(site.path).parameters.phi_rank!.values.set([2, -2, 2]);
  store.get(site.path).parameters["A.gates"]!.values.set([2, -2, 2]);
  const learned = method.usage(site, store.get(site.path));
  expect(learned.matmuls[0]).toEqual({ matrix: "A", macsPerToken: 24, keep: 0.5, weightBits: 4, inputBits: 32 });
  await method.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
  expect(method.usage(site, store.get(site.path))).toEqual(learned);
});

test("before gates start every product has its full price", async () => {
  const site = siteOf("layer.0.query", 6, 5);
  const method = createBlora();
  const { matmuls } = method.usage(site, method.init(site, 0));
  expect(matmuls.every(({ keep, weightBits, inputBits }) => keep === 1 && weightBits === 32 && inputBits === 32)).toBe(
    true,
  );
});

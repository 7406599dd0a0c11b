import { onnx } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import type { LinearSite, StepDefinition } from "@blora/spec";
import { normalValues, ops } from "@blora/tensor";
import { createTestStore, expectAllClose, testMethod, testQuantizer, useCpuBackend } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { powerOfTwo } from "../src/power-of-two.ts";

useCpuBackend();
testQuantizer(powerOfTwo({ bits: 4 }));

const method = blora({
  rank: 4,
  rankGate: hardConcrete(),
  quantizer: powerOfTwo({ bits: 4 }),
  phases: { warmup: 0.2, gates: 0.4, settle: 0.4 },
});
describe("inside B-LoRA", () => testMethod(method));

test("three bits are the levels 0, ±α/4, ±α/2 and ±α", () => {
  const x = ops.tensor([-5, -1.3, -0.8, -0.3, -0.1, 0, 0.1, 0.2, 0.3, 0.45, 1.4, 9]);
  const rounded = powerOfTwo({ bits: 3 }).quantizeFixed({ logRange: ops.scalar(0) }, x, true, 3);
  expectAllClose(rounded, [-1, -1, -1, -0.25, 0, 0, 0, 0.25, 0.25, 0.5, 1, 1]);
});

/** Fits W0 + ΔW to a target of rank 2 by gradient descent, every step compiled. */
test("training with it on the compiled engine fits a low-rank target", async () => {
  const ROWS = 32;
  const STEPS = 60;
  const site: LinearSite = { path: "site", role: "query", inFeatures: 12, outFeatures: 8 };
  const draw = (path: string, shape: [number, number], deviation: number) =>
    ops.tensor(normalValues({ seed: 1, step: 0, path }, shape[0] * shape[1], deviation), shape);
  const x = draw("x", [ROWS, 12], 1);
  const store = createTestStore(method, [site], 0, () => x);
  const change = ops.matMul(draw("left", [8, 2], 0.5), draw("right", [2, 12], 0.5));
  const target = ops.add(store.base("site").apply(x), ops.matMul(x, change, false, true));

  const compile = () => {
    const { layout, parameters } = store.get("site");
    const definition: StepDefinition = {
      name: "fit",
      mode: "train",
      inputs: { x: { shape: [ROWS, 12], dtype: "float32" }, target: { shape: [ROWS, 8], dtype: "float32" } },
      trainable: Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape])),
      frozen: new Map([["W0", { shape: [8, 12], storage: "f32", source: store.baseWeight("site") }]]),
      compute: ({ input, trainable, frozen, context }) => {
        const W0 = frozen("W0");
        const plain = (rows: typeof x, weight = W0) => ops.matMul(rows, weight, false, true);
        const base = {
          weight: W0,
          apply: plain,
          applyLowRank: (rows: typeof x, A: typeof x, B: typeof x) =>
            ops.add(plain(rows), ops.matMul(ops.matMul(rows, A, false, true), B, false, true)),
        };
        const y = method.apply({ site, layout, parameters: trainable }, input.x!, base, context);
        return { loss: ops.mean(ops.square(ops.sub(y, input.target!))) };
      },
    };
    return engine.compile(definition);
  };

  const engine = onnx();
  const bias = store
    .base("site")
    .apply(ops.zeros([1, 12]))
    .dataSync();
  const feeds = {
    x: x.dataSync() as Float32Array,
    target: ops.sub(target, ops.tensor(bias)).dataSync() as Float32Array,
  };
  const losses: number[] = [];
  let layout = "";
  let step: Awaited<ReturnType<typeof compile>> | undefined;
  for (let index = 0; index < STEPS; index++) {
    await method.beforeStep?.(store, { step: index, totalSteps: STEPS, seed: 0 });
    const { parameters } = store.get("site");
    if (JSON.stringify(store.get("site").layout) !== layout) {
      layout = JSON.stringify(store.get("site").layout);
      await step?.release();
      step = await compile();
    }
    const values = Object.fromEntries(Object.entries(parameters).map(([name, { values }]) => [name, values]));
    const { loss, gradients } = await step!.run(feeds, values, { seed: 0, step: index });
    losses.push(loss!);
    for (const name of Object.keys(parameters)) {
      store.train("site", name, (value, place) => value - 0.1 * gradients[name]![place]!);
    }
  }
  await step!.release();
  await engine.release();
  expect(losses[0]).toBeGreaterThan(0.5);
  expect(losses[STEPS - 1]).toBeLessThan(losses[0]! / 4);
}, 60_000);

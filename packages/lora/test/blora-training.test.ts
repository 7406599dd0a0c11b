import { mergedWeight } from "@blora/adapters";
import { ops } from "@blora/tensor";
import { createTestContext, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import { expect, test } from "vitest";
import { createBase } from "./support/base.ts";
import { createBlora, tracedOf } from "./support/blora.ts";
import { createMemoryStore } from "./support/memory-store.ts";
import { product, sample, siteOf } from "./support/reference.ts";
import { train } from "./support/train.ts";

useCpuBackend();

test("a whole run finds a low rank and few bits, and the merged weight computes the result", async () => {
  const site = siteOf("layer.0.query", 16, 12);
  const rows = 64;
  const weight = sample("W0", 16 * 12, 0.25);
  const x = sample("x", rows * 16);
  // The target differs from the base by an update of rank 2.
  const hidden = product(x, sample("true A", 2 * 16, 0.5), 16);
  const update = product(hidden, sample("true B", 12 * 2, 0.5), 2);
  const target = product(x, weight, 16).map((value, index) => value + update[index]!);

  const steps = 400;
  const method = createBlora({ rank: 6, penaltyStrength: 3, phases: { warmup: 0.1, gates: 0.6, settle: 0.3 } });
  const store = createMemoryStore(method, [site], { weight: () => weight });
  const input = ops.tensor(x, [rows, 16]);
  const wanted = ops.tensor(target, [rows, 12]);
  const errorOf = (y: ReturnType<typeof ops.tensor>) => ops.mean(ops.square(ops.sub(y, wanted)));
  const before = valuesOf(errorOf(createBase(site, weight).apply(input)))[0]!;
  await train(method, store, {
    steps,
    task: { inputs: [input], loss: ([y]) => errorOf(y!) },
    rates: { weights: 2e-2, ranges: 1e-2, gates: (3 * method.gateTravel()) / (0.6 * steps) },
  });

  const adapter = store.get(site.path);
  const summary = method.summary(site, adapter);
  expect(adapter.layout.phase).toBe("settle");
  expect(summary.rank).toBeGreaterThanOrEqual(2);
  expect(summary.rank).toBeLessThanOrEqual(4);
  for (const bits of Object.values(summary.bits)) expect(bits).toBeLessThanOrEqual(8);

  const adapted = method.apply(tracedOf(site, adapter), input, createBase(site, weight), createTestContext("eval"));
  const after = valuesOf(errorOf(adapted))[0]!;
  expect(after).toBeLessThan(0.02 * before);
  const merged = createBase(site, mergedWeight(weight, method.export(site, adapter)));
  expectAllClose(merged.apply(input), adapted, { relative: 1e-4, absolute: 1e-5 });
});

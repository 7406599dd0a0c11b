import { hardConcrete } from "@blora/gates";
import { bayesianBits } from "@blora/quantizers";
import { ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { createTestContext, expectAllClose, toTensors, useCpuBackend, valuesOf } from "@blora/testing";
import { expect, test } from "vitest";
import { createBase } from "./support/base.ts";
import { createBlora, storeAt } from "./support/blora.ts";
import { sample, siteOf } from "./support/reference.ts";

useCpuBackend();

const site = siteOf("layer.0.query", 6, 5);
const base = createBase(site, sample("W0", 30));
const x = sample("x", 18);
const input = () => ops.tensor(x, [3, 6]);

/** Loss and gradients by the ranges of the three activations in the settle phase, with row ⌊3u⌋ of three sampled. */
async function rangeGradients(gradientShare: number, u: number): Promise<{ loss: number; gradients: number[] }> {
  const quantizer = bayesianBits({ gate: hardConcrete({ initialLogit: 2 }), maxBits: 4 });
  const method = createBlora({ scope: "adapter+activations", quantizer, gradientShare });
  const store = await storeAt(method, [site], 1, { weight: () => sample("W0", 30), input });
  await method.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
  const adapter = store.get(site.path);
  const context = createTestContext("train", { uniform: (_, size) => Array<number>(size).fill(u) });
  const names = ["input.logRange", "afterA.logRange", "afterE.logRange"];
  const parameters = toTensors(adapter.parameters);
  const { value, gradients } = valueAndGradients(
    (...ranges: Tensor[]) => {
      const own = Object.fromEntries(names.map((name, index) => [name, ranges[index]!]));
      const y = method.apply(
        { site, layout: adapter.layout, parameters: { ...parameters, ...own } },
        input(),
        base,
        context,
      );
      return ops.sum(ops.mul(y, y));
    },
    names.map((name) => parameters[name]!),
  );
  return { loss: valuesOf(value)[0]!, gradients: gradients.map((gradient) => valuesOf(gradient)[0]!) };
}

test("ranges of activations learn from one row as from all, on average over the rows", async () => {
  const exact = await rangeGradients(1, 0.5);
  const draws = await Promise.all([1 / 6, 1 / 2, 5 / 6].map((u) => rangeGradients(1 / 3, u)));
  for (const { loss } of draws) expectAllClose([loss], [exact.loss], { relative: 1e-6 });
  // A draw differs from the mean, so the rows did matter.
  expect(draws[0]!.gradients[1]).not.toBeCloseTo(exact.gradients[1]!, 4);
  const means = exact.gradients.map((_, index) => draws.reduce((sum, draw) => sum + draw.gradients[index]! / 3, 0));
  expectAllClose(means, exact.gradients, { relative: 1e-4, absolute: 1e-5 });
});

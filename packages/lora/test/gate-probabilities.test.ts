import { hardConcrete } from "@blora/gates";
import { bayesianBits } from "@blora/quantizers";
import { useCpuBackend } from "@blora/testing";
import { expect, test } from "vitest";
import { createBlora, storeAt } from "./support/blora.ts";
import { siteOf } from "./support/reference.ts";

useCpuBackend();

/** q(2) of the hard-concrete gate. */
const OPEN_AT_2 = 0.973366655;

const site = siteOf("layer.0.query", 6, 5);
const gate = hardConcrete({ initialLogit: 2 });
const method = createBlora({ rank: 3, rankGate: gate, quantizer: bayesianBits({ gate, maxBits: 8 }) });

const probabilitiesAt = async (step: number) => {
  const store = await storeAt(method, [site], step);
  return method.gateProbabilities!(store.get(site.path));
};

test("gates are named by what they open: components from the second on, widths above the narrowest", async () => {
  const open = await probabilitiesAt(1);
  const widths = { 4: expect.closeTo(OPEN_AT_2, 6), 8: expect.closeTo(OPEN_AT_2, 6) };
  expect(open).toEqual({
    rank: { 2: expect.closeTo(OPEN_AT_2, 6), 3: expect.closeTo(OPEN_AT_2, 6) },
    A: widths,
    E: widths,
    B: widths,
  });
});

test("there are none before the gates phase", async () => {
  expect(await probabilitiesAt(0)).toEqual({});
});

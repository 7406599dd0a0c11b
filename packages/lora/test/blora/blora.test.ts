import { hardConcrete } from "@blora/gates";
import { bayesianBits, uniform } from "@blora/quantizers";
import { InvalidInputError } from "@blora/spec";
import { bitCost, testMethod, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { type BloraOptions, blora } from "../../src/index.ts";
import { createBlora, storeAt, tracedOf } from "../support/blora.ts";
import { siteOf } from "../support/reference.ts";

useCpuBackend();
const gate = hardConcrete({ initialLogit: 2 });
const phases = { warmup: 0.3, gates: 0.4, settle: 0.3 };
const learned = uniform({ bits: [0, 2, 4, 8], gate });
const siteQuantizer = bayesianBits({ gate });

const forms: [string, BloraOptions, { exactExport?: boolean }][] = [
  ["knapsack", { quantizer: uniform({ bits: [0, 2, 4, 8] }), rank: 4, bopsTarget: 0.1 }, {}],
  [
    "uniform components",
    { quantizer: uniform({ bits: [0, 4] }), rank: 4, bopsTarget: 0.06, allocation: "uniform" },
    {},
  ],
  ["gates under a budget", { quantizer: learned, rank: 4, allocation: "gates", bopsTarget: 0.1, phases }, {}],
  ["gates under a penalty", { quantizer: learned, rank: 4, allocation: "gates", penaltyStrength: 1, phases }, {}],
  ["fisher", { quantizer: uniform({ bits: [0, 2, 4] }), rank: 4, bopsTarget: 0.06, sensitivity: "fisher" }, {}],
  [
    "the paper's form",
    { quantizer: bayesianBits({ gate }), rankGate: gate, granularity: "matrix", rank: 4, allocation: "gates", phases },
    {},
  ],
  [
    "scope site",
    { quantizer: learned, siteQuantizer, rank: 4, allocation: "gates", scope: "site", phases, bopsTarget: 0.15 },
    { exactExport: false },
  ],
  [
    "activations",
    { quantizer: learned, siteQuantizer, rank: 4, allocation: "gates", scope: "adapter+activations", phases },
    { exactExport: false },
  ],
];

describe.each(forms)("%s", (_name, options, kit) => testMethod(blora(options), kit));

test("the penalty is λ times the expected share of LoRA's bit operations", async () => {
  const site = siteOf("site", 6, 5);
  const method = createBlora({ penaltyStrength: 0.5 });
  const store = await storeAt(method, [site], 1);
  store.get("site").parameters["components.gates"]!.values.fill(0.4);
  const q = 1 / (1 + Math.exp(-(0.4 - (2 / 3) * Math.log(0.1 / 1.1))));
  const bits = 2 * q + 2 * q ** 2 + 4 * q ** 3;
  const penalty = method.training!.penalty!([tracedOf(store, site)], bitCost)!;
  expect(valuesOf(penalty)[0]).toBeCloseTo((0.5 * bits) / 32, 6);
});

test("at granularity matrix ranks and widths multiply, as at scope site the widths of both sides", async () => {
  const site = siteOf("site", 6, 5);
  const open = hardConcrete({ initialLogit: 40 });
  const method = createBlora({
    penaltyStrength: 1,
    granularity: "matrix",
    rankGate: gate,
    scope: "site",
    quantizer: bayesianBits({ gate: open, maxBits: 8 }),
    siteQuantizer: bayesianBits({ gate: open, maxBits: 4 }),
  });
  const store = await storeAt(method, [site], 1);
  store.get("site").parameters["rank.gates"]!.values.fill(0.4);
  const q = 1 / (1 + Math.exp(-(0.4 - (2 / 3) * Math.log(0.1 / 1.1))));
  const rank = 1 + q + q ** 2 + q ** 3;
  const expected = (rank * (6 + 5) * 8 * 4 + 30 * 4 * 4) / ((4 * (6 + 5) + 30) * 32 * 32);
  expect(valuesOf(method.training!.penalty!([tracedOf(store, site)], bitCost)!)[0]).toBeCloseTo(expected, 6);
});

test.each([
  [{ quantizer: learned, scope: "site" }, /scope site needs a siteQuantizer/],
  [{ quantizer: learned, rankGate: gate }, /rankGate belongs to granularity matrix/],
  [{ quantizer: uniform({ bits: 4 }), allocation: "gates" }, /allocation gates needs a quantizer with gates/],
  [{ quantizer: learned, phases }, /a gates phase needs allocation gates, not knapsack/],
  [
    { quantizer: learned, allocation: "gates", bopsTarget: 0.1, phases: { warmup: 0.5, gates: 0.5, settle: 0 } },
    /a budget needs a settle phase/,
  ],
  [{ quantizer: learned, phases: { warmup: 0.5, gates: 0.1, settle: 0.1 } }, /shares of the run that sum to 1/],
  [{ quantizer: {}, rank: 4 }, /quantizer.*expected a quantizer/],
  [{ quantizer: learned, bopsTargt: 0.1 }, /unknown key "bopsTargt" \(did you mean bopsTarget\?\)/],
  [{ quantizer: learned, phases: { ...phases, setle: 0.1 } }, /unknown key "phases.setle" \(did you mean settle\?\)/],
] as const)("options %j are refused", (options, message) => {
  expect(() => blora(options as never)).toThrow(InvalidInputError);
  expect(() => blora(options as never)).toThrow(message);
});

test("without a budget or gates every component gets the widest width", async () => {
  const site = siteOf("site", 6, 5);
  const method = createBlora({ allocation: "knapsack", quantizer: uniform({ bits: [0, 2, 4] }) });
  const store = await storeAt(method, [site], 6);
  expect(store.get("site").layout).toEqual({
    phase: "settle",
    rank: 4,
    scale: 2,
    bits: { A: [4, 4, 4, 4], B: [4, 4, 4, 4] },
    unsigned: [],
  });
});

test("a site that is closed as a whole has no widths, at granularity matrix too", async () => {
  const site = siteOf("site", 6, 5);
  const method = createBlora({
    allocation: "knapsack",
    granularity: "matrix",
    quantizer: uniform({ bits: [0, 2] }),
    bopsTarget: 0.001,
  });
  const store = await storeAt(method, [site], 6);
  expect(method.summary(site, store.get("site"))).toEqual({ rank: 0, bits: { A: [], B: [] } });
});

import { bayesianBits, uniform } from "@blora/quantizers";
import type { Adapter, EncodedParameter, Method, Parameter } from "@blora/spec";
import { createTestContext, expectAllClose, toTensors, useCpuBackend, valuesOf } from "@blora/testing";
import { expect, test } from "vitest";
import type { BloraOptions } from "../../src/index.ts";
import { createBlora, gate, inputOf, storeAt } from "../support/blora.ts";
import { siteOf } from "../support/reference.ts";

useCpuBackend();
const site = siteOf("layer.0.query", 6, 5);

const forms: [string, Partial<BloraOptions>][] = [
  ["mid-rise components", { allocation: "knapsack", bopsTarget: 0.12 }],
  ["components with learned ranges", { allocation: "knapsack", quantizer: bayesianBits({ gate }), bopsTarget: 0.12 }],
  ["matrices", { granularity: "matrix", rankGate: gate, quantizer: bayesianBits({ gate }), bopsTarget: 0.12 }],
  [
    "absmax matrices",
    { allocation: "knapsack", granularity: "matrix", quantizer: uniform({ bits: 2, grid: "absmax" }) },
  ],
];

/** The parameter that codes stand for: value = (code + offset)·scale. */
function decode({ codes, scales, offset, vector }: EncodedParameter, { shape, group }: Parameter): Parameter {
  const [rows, columns] = shape as [number, number];
  const K = codes.length / scales.length;
  const vectors = Float32Array.from(codes, (code, index) => (code + offset) * scales[Math.floor(index / K)]!);
  const values =
    vector === "column" ? vectors.map((_, i) => vectors[(i % columns) * rows + Math.floor(i / columns)]!) : vectors;
  return { shape, group, values };
}

/** Whole numbers have one zero. */
function unsignedZeros(values: Float32Array): Float32Array {
  return values.map((value) => value + 0);
}

async function settled(
  options: Partial<BloraOptions>,
): Promise<{ method: Method; adapter: Adapter; decoded: Adapter; evaluate: (adapter: Adapter) => Float32Array }> {
  const method = createBlora(options);
  const store = await storeAt(method, [site], options.allocation === "knapsack" ? 6 : 1);
  if (options.allocation !== "knapsack")
    await method.training!.beforeStep!(store, { step: 6, totalSteps: 10, seed: 0 });
  const adapter = store.get(site.path);
  const { layout, codes, parameters } = method.artifacts!.encode!(adapter)!;
  const restored = Object.entries(codes).flatMap(([name, own]): [string, Parameter][] => [
    [name, decode(own, adapter.parameters[name]!)],
    [`${name}.scales`, { shape: [own.scales.length], values: own.scales, group: "frozen" }],
  ]);
  const evaluate = ({ layout, parameters }: Adapter): Float32Array => {
    const context = createTestContext("eval");
    const [prepared] = method.prepare!([{ site, layout, parameters: toTensors(parameters) }], context);
    return Float32Array.from(valuesOf(method.apply(prepared!, inputOf(site), store.base(site.path), context)));
  };
  return {
    method,
    adapter,
    decoded: { layout, parameters: { ...parameters, ...Object.fromEntries(restored) } },
    evaluate,
  };
}

test.each(forms)(
  "decoded %s compute the same to the last bit, and say the same of themselves",
  async (_name, options) => {
    const { method, adapter, decoded, evaluate } = await settled(options);
    expect(decoded.layout.phase).toBe("rounded");
    expect(evaluate(decoded)).toEqual(evaluate(adapter));
    expect(method.usage(site, decoded)).toEqual(method.usage(site, adapter));
    expect(method.summary(site, decoded)).toEqual(method.summary(site, adapter));
    const [ours, theirs] = [method.export(site, decoded)!, method.export(site, adapter)!];
    expect([ours.rank, unsignedZeros(ours.A), unsignedZeros(ours.B)]).toEqual([
      theirs.rank,
      unsignedZeros(theirs.A),
      unsignedZeros(theirs.B),
    ]);
  },
);

test.each(forms)("decoded %s are encoded again to the same codes", async (_name, options) => {
  const { method, adapter, decoded } = await settled(options);
  const again = method.artifacts!.encode!(decoded)!;
  expect(again).toEqual(method.artifacts!.encode!(adapter));
});

test.each(forms)("the codes of the exported update of %s give it to float32 rounding", async (_name, options) => {
  const { method, adapter } = await settled(options);
  const { rank, A, B } = method.export(site, adapter)!;
  const coded = method.artifacts!.exportCodes!(site, adapter)!;
  expect(coded.rank).toBe(rank);
  const values = ({ codes, scales, offset }: NonNullable<typeof coded.A>) =>
    Float32Array.from(codes, (code, index) => (code + offset) * scales[Math.floor((index * rank) / codes.length)]!);
  const toColumns = (vectors: Float32Array) => vectors.map((_, i) => vectors[(i % rank) * 5 + Math.floor(i / rank)]!);
  const product = (a: Float32Array, b: Float32Array) =>
    Array.from({ length: 30 }, (_, index) =>
      Array.from({ length: rank }, (_, r) => b[Math.floor(index / 6) * rank + r]! * a[r * 6 + (index % 6)]!).reduce(
        (sum, term) => sum + term,
        0,
      ),
    );
  expectAllClose(product(values(coded.A!), toColumns(values(coded.B!))), product(A, B), {
    relative: 1e-5,
    absolute: 1e-5,
  });
  for (const [index, bits] of coded.A!.bits.entries()) {
    const own = coded.A!.codes.subarray(index * 6, index * 6 + 6);
    for (const code of own) expect(code >= -(2 ** (bits - 1)) && code < 2 ** (bits - 1)).toBe(true);
  }
});

test("nothing is encoded before widths are settled, nor where they are not rounded", async () => {
  for (const [step, options] of [
    [0, {}],
    [1, {}],
    [6, { allocation: "knapsack", quantizer: uniform({ bits: 32 }) }],
  ] as const) {
    const method = createBlora(options);
    const store = await storeAt(method, [site], step);
    expect(method.artifacts!.encode!(store.get(site.path))).toBeUndefined();
    expect(method.artifacts!.exportCodes!(site, store.get(site.path))).toBeUndefined();
  }
});

test("gate probabilities of a component are those of its chain: Π q up to each width", async () => {
  const method = createBlora();
  const store = await storeAt(method, [site], 1);
  store.get(site.path).parameters["components.gates"]!.values.set([3, 0, -1]);
  const q = (logit: number) => 1 / (1 + Math.exp(-(logit - (2 / 3) * Math.log(0.1 / 1.1))));
  const { "component 1": first } = method.training!.gateProbabilities!(store.get(site.path));
  expect(Object.keys(first!)).toEqual(["2", "4", "8"]);
  expect(first!["2"]).toBeCloseTo(q(3), 5);
  expect(first!["4"]).toBeCloseTo(q(3) * q(0), 5);
  expect(first!["8"]).toBeCloseTo(q(3) * q(0) * q(-1), 5);
  expect(method.training!.gateProbabilities!(method.init(site, 0))).toEqual({});
});

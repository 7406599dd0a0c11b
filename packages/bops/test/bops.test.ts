import { hardConcrete } from "@blora/gates";
import type { ExpectedProducts, LinearSite, MatmulUsage, SiteUsage } from "@blora/spec";
import { nestedShares, ops } from "@blora/tensor";
import { checkGradients, expectAllClose, testCostModel, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bops, ratio } from "../src/index.ts";

useCpuBackend();
testCostModel(bops());

const cost = bops();
const site: LinearSite = { path: "encoder.dense", role: "up", inFeatures: 768, outFeatures: 3072 };

/** W0, A, E and B of a site of rank 8 with 3 components left. */
const golden: SiteUsage = {
  site,
  matmuls: [
    { matrix: "W0", macsPerToken: 768 * 3072, keep: 1, weightBits: 8, inputBits: 16 },
    { matrix: "A", macsPerToken: 768 * 8, keep: 3 / 8, weightBits: 4, inputBits: 16 },
    { matrix: "E", macsPerToken: 8, keep: 3 / 8, weightBits: 8, inputBits: 8 },
    { matrix: "B", macsPerToken: 8 * 3072, keep: 3 / 8, weightBits: 2, inputBits: 4 },
  ],
};
const inFloat = (usage: SiteUsage): SiteUsage => ({
  site: usage.site,
  matmuls: usage.matmuls.map((matmul) => ({ ...matmul, keep: 1, weightBits: 32, inputBits: 32 })),
});
const adapterOnly = (usage: SiteUsage): SiteUsage => ({
  site: usage.site,
  matmuls: usage.matmuls.filter((matmul) => matmul.matrix !== "W0"),
});

describe("reference values at 128 tokens", () => {
  test("rows are exact", () => {
    const { rows } = cost.measured([golden], 128);
    expect(rows.map((row) => [row.matrix, row.cost])).toEqual([
      ["W0", 38_654_705_664n],
      ["A", 18_874_368n],
      ["E", 24_576n],
      ["B", 9_437_184n],
    ]);
  });

  test("the baseline in 32 bits is 313,265,225,728", () => {
    expect(cost.measured([inFloat(golden)], 128).total).toBe(313_265_225_728n);
  });

  test("the ratio is 12.348336 % of the layer and 0.703552 % of the adapter", () => {
    const layer = ratio(cost.measured([golden], 128), cost.measured([inFloat(golden)], 128));
    const adapter = adapterOnly(golden);
    const alone = ratio(cost.measured([adapter], 128), cost.measured([inFloat(adapter)], 128));
    expect((100 * layer).toFixed(6)).toBe("12.348336");
    expect((100 * alone).toFixed(6)).toBe("0.703552");
  });
});

describe("measured", () => {
  test("counts beyond 2^53 stay exact", () => {
    const huge: SiteUsage = {
      site,
      matmuls: [{ matrix: "W0", macsPerToken: 2 ** 40 + 1, keep: 1, weightBits: 31, inputBits: 32 }],
    };
    expect(cost.measured([huge], 999_999_937).total).toBe((2n ** 40n + 1n) * 999_999_937n * 31n * 32n);
  });

  test("every active rank gives a whole number of multiply-accumulates", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 4096 }),
        fc.integer({ min: 0, max: 10 ** 9 }),
        (rank, features, tokens) => {
          for (let active = 0; active <= rank; active++) {
            const matmul = {
              matrix: "A",
              macsPerToken: rank * features,
              keep: active / rank,
              weightBits: 4,
              inputBits: 32,
            };
            const { macs } = cost.measured([{ site, matmuls: [matmul] }], tokens);
            expect(macs).toBe(BigInt(active) * BigInt(features) * BigInt(tokens));
          }
        },
      ),
      { seed: 1, numRuns: 20 },
    );
  });

  test.each<[string, Partial<MatmulUsage>, number]>([
    ["the kept share of A of encoder.dense must lie between 0 and 1, not 1.5", { keep: 1.5 }, 1],
    ["the weight bits of A of encoder.dense must be a whole number from 0, not 2.5", { weightBits: 2.5 }, 1],
    ["the input bits of A of encoder.dense must be a whole number from 0, not NaN", { inputBits: Number.NaN }, 1],
    ["the number of tokens must be a whole number from 0, not -1", {}, -1],
  ])("%s", (message, change, tokens) => {
    const matmul = { matrix: "A", macsPerToken: 64, keep: 1, weightBits: 4, inputBits: 32, ...change };
    expect(() => cost.measured([{ site, matmuls: [matmul] }], tokens)).toThrow(message);
  });
});

describe("expected", () => {
  const certain = ({ matmuls }: SiteUsage): ExpectedProducts => ({
    macsPerToken: ops.tensor(matmuls.map(({ macsPerToken, keep }) => macsPerToken * keep)),
    weightBits: ops.tensor(matmuls.map(({ weightBits }) => weightBits)),
    inputBits: ops.tensor(matmuls.map(({ inputBits }) => inputBits)),
  });

  test("is the measured cost of one token where nothing is uncertain", () => {
    const other: SiteUsage = { site: { ...site, path: "other" }, matmuls: golden.matmuls.slice(1) };
    expectAllClose(cost.expected([golden, other].map(certain)), Number(cost.measured([golden, other], 1).total));
  });

  test("nothing costs nothing", () => {
    expect(valuesOf(cost.expected([]))[0]).toBe(0);
    expect(cost.measured([], 5).total).toBe(0n);
  });

  test("of uncertain widths is macs times the expected width, for all units of a site at once", () => {
    const widths = [0, 2, 4];
    // Expected widths are 0.5·2 + 0.25·4 = 2 and 0.1·2 + 0.8·4 = 3.4.
    const shares = ops.tensor([
      [0.25, 0.5, 0.25],
      [0.1, 0.1, 0.8],
    ]);
    const weightBits = ops.reshape(ops.matMul(shares, ops.tensor(widths, [3, 1])), [2]);
    const units = { macsPerToken: ops.scalar(100), weightBits, inputBits: ops.scalar(32) };
    expectAllClose(cost.expected([units]), 100 * (2 + 3.4) * 32);
  });

  test("its gradients agree with finite differences", () => {
    const gate = hardConcrete();
    checkGradients(
      (bitLogits, keep) => {
        const shares = nestedShares(ops.reshape(gate.probabilityOn(bitLogits!), [1, 3]));
        const bits = ops.sum(ops.mul(shares, ops.tensor([2, 4, 8, 16])));
        return cost.expected([
          { macsPerToken: ops.mul(keep!, 0.01), weightBits: bits, inputBits: ops.scalar(32) },
          { macsPerToken: ops.mul(keep!, 0.02), weightBits: ops.tensor([4, 2]), inputBits: ops.tensor([8, 3]) },
        ]);
      },
      [[1, -0.5, 0.2], 0.6],
    );
  });
});

test("a ratio needs a baseline that costs something, in the same unit", () => {
  const report = cost.measured([golden], 1);
  expect(() => ratio(report, cost.measured([], 1))).toThrow("the baseline costs nothing");
  expect(() => ratio(report, { ...report, unit: "joules" })).toThrow("cannot compare bit operations with joules");
});

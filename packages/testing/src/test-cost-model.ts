import type { Component, ExpectedProducts, LinearSite, MatmulUsage, SiteUsage } from "@blora/spec";
import { ops } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { checkGradients } from "./check-gradients.ts";
import { useCpuBackend } from "./cpu-backend.ts";
import { testManifest } from "./test-manifest.ts";
import { expectAllClose, valuesOf } from "./values.ts";

const site: LinearSite = { path: "site", role: "query", inFeatures: 48, outFeatures: 32 };
const sample: MatmulUsage = { matrix: "A", macsPerToken: 48 * 8, keep: 0.5, weightBits: 4, inputBits: 16 };
const other: MatmulUsage = { matrix: "B", macsPerToken: 32 * 8, keep: 0.25, weightBits: 2, inputBits: 8 };

/** Registers the laws every cost model keeps. Call it at the top level of a test file. */
export function testCostModel(cost: Component<"costModel">): void {
  const measure = (change: Partial<MatmulUsage>, tokens = 10): bigint =>
    cost.measured([{ site, matmuls: [{ ...sample, ...change }] }], tokens).total;

  describe("cost model laws", () => {
    useCpuBackend();
    testManifest(cost, "costModel");

    test("totals are the sums of the rows, one for each matrix product", () => {
      const usages: SiteUsage[] = [
        { site, matmuls: [sample, { ...sample, matrix: "B" }] },
        { site: { ...site, path: "other" }, matmuls: [sample] },
      ];
      const report = cost.measured(usages, 7);
      expect(report.unit).toBe(cost.unit);
      expect(report.rows.map((row) => `${row.path}/${row.matrix}`)).toEqual(["site/A", "site/B", "other/A"]);
      expect(report.rows.reduce((sum, row) => sum + row.cost, 0n)).toBe(report.total);
      expect(report.rows.reduce((sum, row) => sum + row.macs, 0n)).toBe(report.macs);
      expect(report.macs).toBe(BigInt(3 * 48 * 8 * 0.5 * 7));
    });

    test("no tokens, or nothing kept, cost nothing", () => {
      expect(measure({}, 0)).toBe(0n);
      expect(measure({ keep: 0 })).toBe(0n);
    });

    test("the cost is proportional to tokens and never falls with rank or width", () => {
      expect(measure({}, 30)).toBe(3n * measure({}, 10));
      expect(measure({ keep: 1 })).toBeGreaterThan(measure({}));
      expect(measure({ weightBits: 8 })).toBeGreaterThanOrEqual(measure({}));
      expect(measure({ inputBits: 32 })).toBeGreaterThanOrEqual(measure({}));
    });

    test("the expected cost of what is certain is the measured cost of one token", () => {
      const expected = cost.expected([certain([sample, other]), certain([sample])]);
      expect(expected.shape).toEqual([]);
      const measured = cost.measured([{ site, matmuls: [sample, other, sample] }], 1);
      expectAllClose(expected, Number(measured.total));
    });

    test("no products are expected to cost nothing", () => {
      expect(valuesOf(cost.expected([]))[0]).toBe(0);
    });

    test("factors of one product are numbers, those of several vectors, and both may meet", () => {
      const one = certain([sample]);
      const scalars = cost.expected([
        {
          macsPerToken: ops.reshape(one.macsPerToken, []),
          weightBits: ops.reshape(one.weightBits, []),
          inputBits: ops.reshape(one.inputBits, []),
        },
      ]);
      expect(scalars.shape).toEqual([]);
      expectAllClose(scalars, cost.expected([one]));
      const alike = certain([sample, { ...other, inputBits: sample.inputBits }]);
      expectAllClose(cost.expected([{ ...alike, inputBits: ops.scalar(sample.inputBits) }]), cost.expected([alike]));
    });

    test("the gradients of the expected cost agree with finite differences", () => {
      checkGradients(
        (macsPerToken, weightBits, inputBits) =>
          cost.expected([{ macsPerToken: macsPerToken!, weightBits: weightBits!, inputBits: inputBits! }]),
        [[0.3, 0.1], [1.5, 2.5], 1.2],
      );
    });
  });
}

function certain(matmuls: readonly MatmulUsage[]): ExpectedProducts {
  return {
    macsPerToken: ops.tensor(matmuls.map(({ macsPerToken, keep }) => macsPerToken * keep)),
    weightBits: ops.tensor(matmuls.map(({ weightBits }) => weightBits)),
    inputBits: ops.tensor(matmuls.map(({ inputBits }) => inputBits)),
  };
}

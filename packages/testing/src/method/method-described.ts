import type { BaseLinear, Method, SiteUsage } from "@blora/spec";
import { ops, sizeOf } from "@blora/tensor";
import { expect } from "vitest";
import { expectAllClose } from "../values.ts";
import { type Adapters, evaluationContext, expectFinite, inputOf, outputValues, SITES } from "./method-pass.ts";

/** Usage, summary and export agree with each other and with what evaluation computes. */
export function expectDescribed(
  method: Method,
  adapters: Adapters,
  base: (path: string) => BaseLinear,
  exactExport: boolean,
): void {
  const evaluated = new Map(outputValues(method, adapters, base, evaluationContext()));
  for (const site of SITES) {
    const adapter = adapters.get(site.path)!;
    expect(JSON.parse(JSON.stringify(adapter.layout)), "layout").toEqual(adapter.layout);
    for (const [name, { shape, values }] of Object.entries(adapter.parameters)) {
      expect(values.length, `size of ${name}`).toBe(sizeOf(shape));
      expectFinite(values, name);
    }
    expectValidUsage(method.usage(site, adapter));
    const { rank, bits } = method.summary(site, adapter);
    for (const [operand, widths] of Object.entries(bits)) expectValidWidths(operand, widths, rank);
    const update = method.export(site, adapter);
    expect(update?.rank ?? 0, "exported rank").toBe(rank);
    const output = evaluated.get(site.path)!;
    expectFinite(output, "output");
    if (update === undefined) continue;
    expect(update.A.length).toBe(rank * site.inFeatures);
    expect(update.B.length).toBe(site.outFeatures * rank);
    if (!exactExport) continue;
    const A = ops.tensor(update.A, [rank, site.inFeatures]);
    const B = ops.tensor(update.B, [site.outFeatures, rank]);
    const x = inputOf(site);
    const change = ops.matMul(ops.matMul(x, A, false, true), B, false, true);
    expectAllClose(output, ops.add(base(site.path).apply(x), change), { relative: 1e-4, absolute: 1e-4 });
  }
}

/** One width for an operand, or one for each component there is. */
function expectValidWidths(operand: string, widths: number | readonly number[], rank: number): void {
  if (typeof widths !== "number") expect(widths.length, `components in the bits of ${operand}`).toBe(rank);
  for (const width of [widths].flat()) expect(width, `bits of ${operand}`).toBeGreaterThan(0);
}

export function expectValidUsage(usage: SiteUsage): void {
  for (const { matrix, macsPerToken, keep, weightBits, inputBits } of usage.matmuls) {
    expect(macsPerToken, `MACs of ${matrix}`).toBeGreaterThanOrEqual(0);
    expect(keep, `kept share of ${matrix}`).toBeGreaterThanOrEqual(0);
    expect(keep, `kept share of ${matrix}`).toBeLessThanOrEqual(1);
    for (const bits of [weightBits, inputBits]) {
      expect(Number.isInteger(bits) && bits >= 0 && bits <= 32, `bits of ${matrix}: ${bits}`).toBe(true);
    }
  }
}

/** Multiply-accumulates times both widths of the products of a matrix. */
export function priceOf({ matmuls }: SiteUsage, matrix: string): number {
  return matmuls
    .filter((row) => row.matrix === matrix)
    .reduce((sum, row) => sum + row.macsPerToken * row.keep * row.weightBits * row.inputBits, 0);
}

import { hardConcrete } from "@blora/gates";
import { uniform } from "@blora/quantizers";
import type { Adapter, CodedMatrix, LinearSite, Parameter } from "@blora/spec";
import { normalValues, sizeOf } from "@blora/tensor";
import { expectAllClose } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { blora } from "../src/index.ts";

const SITE: LinearSite = { path: "layer.query", role: "query", inFeatures: 7, outFeatures: 5 };
const E = [0.9, 0, -0.4, 0.5];
const method = blora({ rankGate: hardConcrete(), quantizer: uniform({ bits: 4 }), rank: 4, alpha: 12 });

function settled(bits: Readonly<Record<string, number>>, signed: Readonly<Record<string, boolean>>): Adapter {
  const drawn = (name: string, shape: readonly number[]): Parameter => ({
    shape,
    values: normalValues({ seed: 3, step: 0, path: name }, sizeOf(shape), 0.2),
    group: "weights",
  });
  const logRange: Parameter = { shape: [], values: Float32Array.of(-0.7), group: "ranges" };
  return {
    layout: { phase: "settle", rank: 4, signed: { ...signed }, bits: { ...bits } },
    parameters: {
      A: drawn("A", [4, SITE.inFeatures]),
      E: { shape: [4], values: Float32Array.from(E), group: "weights" },
      B: drawn("B", [SITE.outFeatures, 4]),
      "A.logRange": logRange,
      "E.logRange": logRange,
      "B.logRange": logRange,
    },
  };
}

const ALL = { A: true, E: true, B: true };

/** Values of codes with a scale for each row, or for each column. */
function decoded({ codes, scales }: CodedMatrix, columns: number, axis: 0 | 1): Float32Array {
  return Float32Array.from(codes, (code, index) => {
    return code * scales[axis === 0 ? Math.floor(index / columns) : index % columns]!;
  });
}

describe("the codes of an update", () => {
  it.each([2, 4, 8, 16])("of %i bits are those of its plain form, without what E rounds to zero", (bits) => {
    const adapter = settled({ A: bits, E: 8, B: bits }, ALL);
    const plain = method.export(SITE, adapter)!;
    const { rank, A, B } = method.exportCodes!(SITE, adapter)!;
    expect({ rank, bits: [A!.bits, B!.bits] }).toEqual({ rank: 3, bits: [bits, bits] });
    expectAllClose(decoded(A!, SITE.inFeatures, 0), plain.A, { absolute: 0, relative: 0 });
    expectAllClose(decoded(B!, rank, 1), plain.B, { absolute: 0, relative: 3e-7 });
    expect(Math.max(...A!.codes.map(Math.abs), ...B!.codes.map(Math.abs))).toBeLessThanOrEqual(2 ** (bits - 1));
    expect(new Set(B!.codes).size).toBeGreaterThan(1);
  });

  it("are absent for a matrix that is not rounded", () => {
    const { A, B } = method.exportCodes!(SITE, settled({ B: 4, E: 8 }, { E: true, B: true }))!;
    expect(A).toBeUndefined();
    expect(B!.codes).toHaveLength(3 * SITE.outFeatures);
  });

  it("are none where no component is left", () => {
    const adapter = settled({ A: 4, E: 4, B: 4 }, ALL);
    const E0: Parameter = { shape: [4], values: new Float32Array(4), group: "weights" };
    expect(method.exportCodes!(SITE, { ...adapter, parameters: { ...adapter.parameters, E: E0 } })).toBeUndefined();
  });
});

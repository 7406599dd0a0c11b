import { writeModel } from "@blora/engine-onnx";
import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { CodedUpdate, EncodedValues, LinearSite } from "@blora/spec";
import { expectAllClose, useCpuBackend } from "@blora/testing";
import fc from "fast-check";
import { InferenceSession } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { floatTensor } from "../src/graph/float-weights.ts";
import { withCodedBranch } from "../src/quantize/coded-branch.ts";
import { factorNames } from "../src/weights.ts";
import { settled } from "./coded-adapter.ts";

useCpuBackend();

const SITE: LinearSite = { path: "layer.query", role: "query", inFeatures: 7, outFeatures: 5 };
const NAMES = factorNames(SITE.path);

interface Decoded {
  readonly A: Float32Array;
  readonly B: Float32Array;
  /** Types of the stored codes, of A and of B. */
  readonly types: readonly string[];
}

/** A [R, 7] and B [5, R] as ONNX Runtime computes them from codes. */
async function decoded(coded: CodedUpdate): Promise<Decoded> {
  const R = coded.rank;
  const shapes = { A: [R, SITE.inFeatures], B: [SITE.outFeatures, R] };
  const factors = (["A", "B"] as const).map((matrix) => {
    const shape = shapes[matrix];
    const read = () => new Float32Array(shape[0]! * shape[1]!);
    return { name: NAMES[matrix], weight: { shape, read, isBase: false } };
  });
  const graph = {
    nodes: factors.map(({ name }) => ({
      operator: "Identity",
      domain: "",
      inputs: [name],
      outputs: [`${name}_out`],
      attributes: {},
      macs: 0,
    })),
    constants: [],
    inputs: [],
    outputs: factors.map(({ name, weight: { shape } }) => ({ name: `${name}_out`, shape, type: "float32" as const })),
    hasTables: false,
  };
  const plain = { graph, tensors: factors.map(({ name, weight }) => floatTensor(name, weight)) };
  const weights = new Map(factors.map(({ name, weight }) => [name, weight]));
  const branch = withCodedBranch(plain, weights, new Map([[SITE.path, coded]]));
  const initializers = branch.tensors.map(({ name, shape, type, bytes, read }) => {
    const data = read();
    expect(data.byteLength, name).toBe(bytes);
    return { name, shape, type, data };
  });
  const session = await InferenceSession.create(writeModel({ ...branch.graph, initializers, operatorSet: 21 }, String));
  const results = await session.run({});
  const [A, B] = [NAMES.A, NAMES.B].map((name) => results[`${name}_out`]!.data as Float32Array);
  const types = branch.tensors.filter(({ name }) => name.endsWith("_codes")).map(({ type }) => type);
  return { A: A!, B: B!, types };
}

describe("factors from codes", () => {
  it.each([
    { bits: [8, 4, 2, 2], grid: "mid-rise", type: "int8" },
    { bits: [8, 4, 2, 2], grid: "absmax", type: "int8" },
    { bits: [4, 2, 2], grid: "mid-rise", type: "int4" },
    { bits: [4], grid: "absmax", type: "int4" },
    { bits: [16, 2], grid: "mid-rise", type: "int16" },
  ] as const)("of widths $bits on grid $grid are those of the exported update, in $type", async (rounding) => {
    const { bits, grid, type } = rounding;
    const method = blora({ quantizer: uniform({ bits: [0, 2, 4, 8, 16], grid }), rank: bits.length, alpha: 3 });
    const adapter = settled(SITE, bits);
    const coded = method.artifacts!.exportCodes!(SITE, adapter)!;
    expect(coded.A!.offset).toBe(grid === "mid-rise" ? 0.5 : 0);
    const { A, B } = method.export(SITE, adapter)!;
    const found = await decoded(coded);
    expectAllClose(found.A, A, { absolute: 0, relative: 3e-7 });
    expectAllClose(found.B, B, { absolute: 0, relative: 3e-7 });
    expect(found.types).toEqual([type, type]);
  });

  it("of any widths, sign and offset are (code + offset)·scale", async () => {
    const widths = fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 4 });
    const forms = fc.record({
      bits: widths,
      signed: fc.boolean(),
      offset: fc.constantFrom(0, 0.5) as fc.Arbitrary<0 | 0.5>,
      start: fc.nat(65535),
    });
    await fc.assert(
      fc.asyncProperty(forms, async ({ bits, signed, offset, start }) => {
        const R = bits.length;
        const vectors = (K: number): EncodedValues => ({
          codes: Int32Array.from({ length: R * K }, (_, index) => {
            const width = bits[Math.floor(index / K)]!;
            return ((start + 7919 * index) % 2 ** width) - (signed ? 2 ** (width - 1) : 0);
          }),
          bits,
          signed,
          offset,
          scales: Float32Array.from(bits, (width) => 0.3 / width),
        });
        const [A, B] = [vectors(SITE.inFeatures), vectors(SITE.outFeatures)];
        const found = await decoded({ rank: R, A, B });
        const level = ({ codes, scales }: EncodedValues, vector: number, entry: number) =>
          (codes[(vector * codes.length) / R + entry]! + offset) * scales[vector]!;
        const tolerance = { absolute: 0, relative: 3e-7 };
        expectAllClose(
          found.A,
          Array.from(A.codes, (_, index) => level(A, Math.floor(index / SITE.inFeatures), index % SITE.inFeatures)),
          tolerance,
        );
        expectAllClose(
          found.B,
          Array.from(B.codes, (_, index) => level(B, index % R, Math.floor(index / R))),
          tolerance,
        );
      }),
      { seed: 1, numRuns: 40 },
    );
  });
});

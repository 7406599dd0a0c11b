import { writeModel } from "@blora/engine-onnx";
import { expectAllClose } from "@blora/testing";
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import type { ExportGraph } from "../src/graph/build-graph.ts";
import { BLOCK, blocksPerRow, quantizeBlocks } from "../src/quantize/blocks.ts";
import { int4 } from "../src/quantize/int4.ts";
import { int8 } from "../src/quantize/int8.ts";
import { type Rounding, withRoundedWeights } from "../src/quantize/rewrite.ts";
import { quantizeRows, ZERO_POINT } from "../src/quantize/rows.ts";

const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 });
const matrix = (columns: number) =>
  fc.array(finite, { minLength: 3 * columns, maxLength: 3 * columns }).map((values) => Float32Array.from(values));

/** What codes with row scales stand for. */
function rowValues(values: Float32Array, columns: number): Float32Array {
  const { codes, scales } = quantizeRows(values, columns);
  return Float32Array.from(codes, (code, index) => (code - ZERO_POINT) * scales[Math.floor(index / columns)]!);
}

/** What 4-bit codes stand for. */
function blockValues(values: Float32Array, columns: number): Float32Array {
  const { codes, scales } = quantizeBlocks(values, columns);
  return values.map((_, index) => {
    const block = Math.floor(index / columns) * blocksPerRow(columns) + Math.floor((index % columns) / BLOCK);
    const entry = block * BLOCK + ((index % columns) % BLOCK);
    const code = entry % 2 === 0 ? codes[entry >> 1]! & 15 : codes[entry >> 1]! >> 4;
    return (code - 8) * scales[block]!;
  });
}

describe("quantizeRows", () => {
  it("is off by at most half a step of the row", () => {
    fc.assert(
      fc.property(matrix(7), (values) => {
        const { scales } = quantizeRows(values, 7);
        rowValues(values, 7).forEach((value, index) => {
          expect(Math.abs(value - values[index]!)).toBeLessThanOrEqual(0.5001 * scales[Math.floor(index / 7)]! + 1e-30);
        });
      }),
    );
  });
});

describe("quantizeBlocks", () => {
  it("is off by at most one step, an eighth of the largest entry, with blocks cut short", () => {
    fc.assert(
      fc.property(matrix(41), (values) => {
        const found = blockValues(values, 41);
        for (let row = 0; row < 3; row++) {
          for (const [start, end] of [
            [0, BLOCK],
            [BLOCK, 41],
          ] as const) {
            const entries = values.subarray(row * 41 + start, row * 41 + end);
            const largest = Math.max(...entries.map(Math.abs));
            entries.forEach((value, index) => {
              const error = Math.abs(found[row * 41 + start + index]! - value);
              expect(error).toBeLessThanOrEqual((largest / 8) * 1.0001 + 1e-30);
            });
          }
        }
      }),
    );
  });

  it("packs codes as MatMulNBits reads them", () => {
    const values = Float32Array.from({ length: BLOCK }, (_, index) => index - 16);
    const { codes, scales } = quantizeBlocks(values, BLOCK);
    expect([...scales]).toEqual([2]); // -16 is code 0
    expect([...codes.subarray(0, 4)]).toEqual([0x10, 0x21, 0x32, 0x43]);
  });
});

/** x·Wᵀ by ONNX Runtime after the weight is rounded. */
async function product(rounding: Rounding, x: Float32Array, w: Float32Array, columns: number): Promise<Float32Array> {
  const weight = { shape: [w.length / columns, columns], read: () => w, isBase: true };
  const graph: ExportGraph = {
    nodes: [{ operator: "Gemm", domain: "", inputs: ["x", "w"], outputs: ["y"], attributes: { transB: 1 }, macs: 0 }],
    constants: [],
    inputs: [{ name: "x", shape: ["M", columns], type: "float32" }],
    outputs: [{ name: "y", shape: ["M", w.length / columns], type: "float32" }],
    hasTables: false,
  };
  const rounded = withRoundedWeights(graph, new Map([["w", weight]]), rounding);
  const stored = rounded.tensors.map(({ name, shape, type, read }) => ({ name, shape, type, data: read() }));
  const model = { ...rounded.graph, initializers: [...rounded.graph.constants, ...stored], operatorSet: 21 };
  const session = await InferenceSession.create(writeModel(model, String));
  const { y } = await session.run({ x: new Tensor("float32", x, [x.length / columns, columns]) });
  return y!.data as Float32Array;
}

/** x·Wᵀ in float64. */
function exactProduct(x: Float32Array, w: Float32Array, columns: number): number[] {
  const rows = (values: Float32Array) =>
    Array.from({ length: values.length / columns }, (_, row) => values.subarray(row * columns, (row + 1) * columns));
  return rows(x).flatMap((a) => rows(w).map((b) => a.reduce((sum, value, index) => sum + value * b[index]!, 0)));
}

describe("withRoundedWeights", () => {
  const columns = 48;
  const w = Float32Array.from({ length: 6 * columns }, (_, index) => Math.sin(index * index));

  it("computes with exactly the 4-bit values", async () => {
    const x = Float32Array.from({ length: 5 * columns }, (_, index) => Math.cos(3 * index));
    const expected = exactProduct(x, blockValues(w, columns), columns);
    expectAllClose(await product(int4, x, w, columns), expected, { absolute: 1e-5, relative: 1e-5 });
  });

  it("computes with exactly the byte values where the input is one of 256 levels itself", async () => {
    // From 0 to 255 in whole steps: the scale found at run time is 1 and rounds nothing.
    const x = Float32Array.from({ length: 5 * columns }, (_, index) => (index * 37) % 256);
    const expected = exactProduct(x, rowValues(w, columns), columns);
    expectAllClose(await product(int8, x, w, columns), expected, { absolute: 1e-3, relative: 1e-5 });
  });
});

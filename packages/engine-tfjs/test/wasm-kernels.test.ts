import { ops, valueAndGradients } from "@blora/tensor";
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { activate } from "../src/backends/activate.ts";
import { loadCpu } from "../src/backends/cpu.ts";
import { loadWasm } from "../src/backends/wasm.ts";

beforeAll(async () => {
  await loadCpu();
  await loadWasm();
});

const integerProduct = fc.record({
  batch: fc.constantFrom(
    [[], []],
    [[2], [2]],
    [[3], []],
    [[2, 1], [3]],
    [
      [2, 1],
      [1, 2],
    ],
    [[1], [2, 2]],
  ),
  M: fc.integer({ min: 1, max: 40 }),
  K: fc.integer({ min: 1, max: 40 }),
  N: fc.integer({ min: 1, max: 40 }),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});

test("products of whole numbers are the same, bit for bit, on wasm and cpu", () => {
  fc.assert(
    fc.property(integerProduct, ({ batch: [left, right], M, K, N, transposeA, transposeB }) => {
      const shapeA = [...left!, ...(transposeA ? [K, M] : [M, K])];
      const shapeB = [...right!, ...(transposeB ? [N, K] : [K, N])];
      const product = (backend: string) => {
        activate(backend);
        const a = ops.reshape(ops.tensor(wholeNumbers(shapeA, 7)), shapeA);
        const b = ops.reshape(ops.tensor(wholeNumbers(shapeB, 5)), shapeB);
        const c = ops.matMul(a, b, transposeA, transposeB);
        return { shape: c.shape, values: [...c.dataSync()] };
      };
      expect(product("wasm")).toEqual(product("cpu"));
    }),
    { numRuns: 60, seed: 1 },
  );
});

function wholeNumbers(shape: readonly number[], period: number): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: size }, (_, index) => ((index * 3) % period) - 2);
}

test.each(["cpu", "wasm"])("the gradient of gather on %s adds up repeated rows of a large table", (backend) => {
  activate(backend);
  const [rows, width] = [50_000, 3];
  const table = ops.zeros([rows, width]);
  const ids = ops.tensor([49_999, 7, 49_999, 0], [4], "int32");
  const weights = ops.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [4, 3]);
  const { gradients } = valueAndGradients((x) => ops.sum(ops.mul(ops.gather(x!, ids), weights)), [table]);
  const values = gradients[0]!.dataSync<"float32">();
  expect([...values.subarray(-3)]).toEqual([8, 10, 12]);
  expect([...values.subarray(21, 24)]).toEqual([4, 5, 6]);
  expect([...values.subarray(0, 3)]).toEqual([10, 11, 12]);
  expect(values.reduce((sum, value) => sum + Math.abs(value), 0)).toBe(78);
});

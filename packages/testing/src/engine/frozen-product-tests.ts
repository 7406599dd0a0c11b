import type { Engine, StepDefinition } from "@blora/spec";
import { frozenLinear, lowRankLinear, normalValues, ops } from "@blora/tensor";
import { describe, test } from "vitest";
import { expectEqualWithinFloat32 } from "./compare.ts";
import { product, sumOf, transposed } from "./matrix-products.ts";

const NOISE = { seed: 0, step: 0 };
const R = 3;

/** Rows [M, I] of each kind, and the sizes of the product: one row, odd sizes, sums of many terms. */
const SIZES: readonly (readonly [M: number, I: number, O: number])[] = [
  [1, 8, 4],
  [5, 7, 3],
  [33, 129, 65],
  [4, 3072, 16],
];
const KINDS = ["normal", "zero", "outlier", "saturated"] as const;

function drawn(path: string, size: number): Float32Array {
  return normalValues({ seed: 7, step: 0, path }, size);
}

/** The second row is of the kind, the others normal: no row may disturb another. */
function rowsOfKind(kind: (typeof KINDS)[number], path: string, M: number, K: number): Float32Array {
  const rows = drawn(path, M * K);
  const second = rows.subarray(M === 1 ? 0 : K, M === 1 ? K : 2 * K);
  if (kind === "zero") second.fill(0);
  if (kind === "outlier") second[K - 1] = 1e4;
  if (kind === "saturated") second.set(second.map((value) => (value < 0 ? -2 : 2)));
  return rows;
}

/**
 * Tests products with frozen matrices, forward and backward, at the precision the engine says it has: in `float32`
 * against the same maths in double precision; in `int8` against exact integer arithmetic, each row of what is multiplied
 * and each column of the matrix in codes of its own largest magnitude.
 */
export function testFrozenProducts(engine: Engine): void {
  describe("products with frozen matrices", () => {
    for (const [M, I, O] of SIZES) {
      for (const kind of KINDS) {
        test(`[${M}, ${I}] · [${I}, ${O}], ${kind} rows`, async () => {
          const { precision = "float32" } = await engine.describe();
          const x = rowsOfKind(kind, "x", M, I);
          const dy = rowsOfKind(kind, "dy", M, O);
          const weight = drawn("weight", O * I);
          const bias = drawn("bias", O);
          const A = drawn("A", R * I);
          const B = drawn("B", O * R);
          const step: StepDefinition = {
            name: "frozen product",
            mode: "train",
            inputs: { dy: { shape: [M, O], dtype: "float32" } },
            trainable: { x: [M, I], A: [R, I], B: [O, R] },
            frozen: new Map([
              ["weight", { shape: [O, I], storage: "f32", source: weight }],
              ["bias", { shape: [O], storage: "f32", source: bias }],
            ]),
            compute({ input, trainable, frozen }) {
              const { x, A, B } = trainable;
              const plain = frozenLinear(x!, frozen("weight"));
              const adapted = lowRankLinear(x!, frozen("weight"), frozen("bias"), A!, B!);
              // The gradient by x is that of both maps, twice the same dy.
              const loss = ops.add(ops.sum(ops.mul(plain, input.dy!)), ops.sum(ops.mul(adapted, input.dy!)));
              return { loss, outputs: { plain, adapted } };
            },
          };
          const compiled = await engine.compile(step);
          const { outputs, gradients } = await compiled.run({ dy }, { x, A, B }, NOISE);
          const h = product("float32", x, transposed(A, I), I, R);
          const g = product("float32", dy, B, O, R);
          const plain = product(precision, x, transposed(weight, I), I, O);
          const update = product("float32", h, transposed(B, R), R, O);
          const biased = plain.map((value, index) => value + bias[index % O]!);
          const back = product(precision, dy, weight, O, I);
          const expectClose = (what: string, actual: Float32Array | undefined, values: number[], shape: number[]) =>
            expectEqualWithinFloat32(what, actual, { shape, values: Float64Array.from(values) });
          expectClose("x·Wᵀ", outputs.plain, plain, [M, O]);
          expectClose("x·Wᵀ + (x·Aᵀ)·Bᵀ + b", outputs.adapted, sumOf(biased, update), [M, O]);
          const dx = sumOf(sumOf(back, back), product("float32", g, A, R, I));
          expectClose("dx", gradients.x, dx, [M, I]);
          expectClose("dA", gradients.A, product("float32", transposed(g, R), x, M, I), [R, I]);
          expectClose("dB", gradients.B, product("float32", transposed(dy, O), h, M, R), [O, R]);
          await compiled.release();
        });
      }
    }
  });
}

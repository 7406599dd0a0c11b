import type { Engine, StepDefinition } from "@blora/spec";
import {
  clippedRounding,
  linear,
  linearWithUpdate,
  normalValues,
  onGrid,
  ops,
  roundStraightThrough,
  type Tensor,
  uniformValues,
  withGradient,
} from "@blora/tensor";
import { describe, test } from "vitest";
import { expectEqualWithinFloat32 } from "./compare.ts";
import { inWholeNumbers, product, sumOf, transposed } from "./matrix-products.ts";

const NOISE = { seed: 0, step: 0 };
const R = 2;

/** How a matrix is rounded. */
interface Rounding {
  readonly bits: number;
  readonly signed: boolean;
  readonly offset: 0 | 0.5;
  /** A step for each row, or one for all. */
  readonly rows: boolean;
}

const clipped = (bits: number, signed = true): Rounding => ({ bits, signed, offset: 0, rows: false });
const middles = (bits: number, rows: boolean): Rounding => ({ bits, signed: true, offset: 0.5, rows });

/** Roundings of x [M, I] and W [O, I], the last of which no engine multiplies as 8-bit codes. */
const CASES: readonly (readonly [x: Rounding, weight: Rounding, sizes: readonly [M: number, I: number, O: number]])[] =
  [
    [clipped(8), clipped(8), [5, 7, 3]],
    [clipped(8, false), clipped(8), [33, 129, 65]],
    [clipped(8), clipped(4), [1, 3072, 16]],
    [clipped(4, false), clipped(2), [5, 7, 3]],
    [{ ...clipped(8), rows: true }, clipped(8), [5, 7, 3]],
    [middles(8, true), middles(8, false), [5, 7, 3]],
    [middles(4, false), clipped(8), [5, 7, 3]],
    [clipped(8), { ...clipped(8), rows: true }, [5, 7, 3]],
    [clipped(16), clipped(8), [5, 7, 3]],
  ];

function described({ bits, signed, offset, rows }: Rounding): string {
  return `${signed ? "" : "unsigned "}${bits} bits${rows ? " by row" : ""}${offset === 0 ? "" : " between whole numbers"}`;
}

/** Levels of [N, K], the extremes among them: the first row has the highest alone, the last the lowest. */
function levelsOf(path: string, N: number, K: number, { bits, signed, offset }: Rounding): Float32Array {
  const highest = (signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1) + offset;
  const lowest = signed ? -highest : offset;
  const levels = uniformValues({ seed: 3, step: 0, path }, N * K).map(
    (u) => lowest + Math.floor(u * (highest - lowest + 1)),
  );
  return levels.fill(highest, 0, K).fill(lowest, Math.max(N - 1, 1) * K);
}

/** Steps [N, 1] of no round size. */
function stepsOf(path: string, N: number, { rows }: Rounding): Float32Array {
  const steps = uniformValues({ seed: 4, step: 0, path }, N).map((u) => 0.01 + u / 10);
  return rows ? steps : steps.fill(steps[0]!);
}

/** Rounds as a quantizer does, with the identity as its gradient. */
function rounded(x: Tensor, steps: Tensor, { bits, signed, offset, rows }: Rounding): Tensor {
  const round = withGradient((x: Tensor) => {
    const gradient = (dy: Tensor) => [dy];
    if (offset === 0 && !rows) {
      const step = ops.reshape(ops.slice(steps, [0, 0], [1, 1]), []);
      const limit = ops.mul(step, (signed ? 2 ** (bits - 1) : 2 ** bits) - 0.51);
      const values = ops.reshape(x, [1, -1]);
      return { value: ops.reshape(clippedRounding(values, step, limit, signed, bits).value, x.shape), gradient };
    }
    const scales = rows ? steps : ops.slice(steps, [0, 0], [1, 1]);
    const vectors = rows ? x : ops.reshape(x, [1, -1]);
    const levels = ops.add(roundStraightThrough(ops.sub(ops.div(vectors, scales), offset)), offset);
    return { value: ops.reshape(onGrid(levels, scales, { bits, signed, offset }), x.shape), gradient };
  });
  return round(x);
}

/** [N, K] as an engine that rounds the rows of gradients to 8 bits has it. */
function withRoundedRows(values: Float32Array, K: number): number[] {
  const { codes, scales } = inWholeNumbers(values, K, "row");
  return codes.map((code, index) => code * scales[Math.floor(index / K)]!);
}

/**
 * Tests products of tensors that are both rounded to even steps: whether an engine multiplies their codes or their
 * values, the result is that of exact arithmetic to float32 rounding. The gradient by x is that of the rounded weight;
 * at the precision `int8` of the codes of each row of dy, where the weight has such codes and one step.
 */
export function testGridProducts(engine: Engine): void {
  describe("products of rounded tensors", () => {
    for (const [ofX, ofWeight, [M, I, O]] of CASES) {
      test(`[${M}, ${I}] in ${described(ofX)} · [${I}, ${O}] in ${described(ofWeight)}`, async () => {
        const { precision = "float32" } = await engine.describe();
        const [levelsX, levelsW] = [levelsOf("x", M, I, ofX), levelsOf("weight", O, I, ofWeight)];
        const [stepsX, stepsW] = [stepsOf("x", M, ofX), stepsOf("weight", O, ofWeight)];
        const valuesOf = (levels: Float32Array, steps: Float32Array): number[] =>
          Array.from(levels, (level, index) => level * steps[Math.floor(index / I)]!);
        const [x, weight] = [valuesOf(levelsX, stepsX), valuesOf(levelsW, stepsW)];
        const drawn = (path: string, size: number) => normalValues({ seed: 5, step: 0, path }, size);
        const [h, B, bias, dy] = [drawn("h", M * R), drawn("B", O * R), drawn("bias", O), drawn("dy", M * O)];
        const step: StepDefinition = {
          name: "rounded product",
          mode: "train",
          inputs: {
            stepsX: { shape: [M, 1], dtype: "float32" },
            stepsW: { shape: [O, 1], dtype: "float32" },
            dy: { shape: [M, O], dtype: "float32" },
          },
          trainable: { x: [M, I], h: [M, R], B: [O, R] },
          frozen: new Map([
            ["weight", { shape: [O, I], storage: "f32", source: Float32Array.from(weight) }],
            ["bias", { shape: [O], storage: "f32", source: bias }],
          ]),
          compute({ input, trainable, frozen }) {
            const coded = rounded(trainable.x!, input.stepsX!, ofX);
            const matrix = rounded(frozen("weight"), input.stepsW!, ofWeight);
            const plain = linear(coded, matrix);
            const adapted = linearWithUpdate(coded, matrix, frozen("bias"), trainable.h!, trainable.B!);
            const loss = ops.add(ops.sum(ops.mul(plain, input.dy!)), ops.sum(ops.mul(adapted, input.dy!)));
            return { loss, outputs: { plain, adapted } };
          },
        };
        const compiled = await engine.compile(step);
        const feeds = { stepsX, stepsW, dy };
        const { outputs, gradients } = await compiled.run(feeds, { x: Float32Array.from(x), h, B }, NOISE);
        await compiled.release();
        const plain = product("float32", x, transposed(weight, I), I, O);
        const update = product("float32", h, transposed(B, R), R, O);
        const isCoded = precision === "int8" && ofWeight.offset === 0 && !ofWeight.rows;
        const back = product("float32", isCoded ? withRoundedRows(dy, O) : dy, weight, O, I);
        const expectClose = (what: string, actual: Float32Array | undefined, values: number[], shape: number[]) =>
          expectEqualWithinFloat32(what, actual, { shape, values: Float64Array.from(values) });
        expectClose("x·Wᵀ", outputs.plain, plain, [M, O]);
        const biased = plain.map((value, index) => value + bias[index % O]!);
        expectClose("x·Wᵀ + h·Bᵀ + b", outputs.adapted, sumOf(biased, update), [M, O]);
        expectClose("dx", gradients.x, sumOf(back, back), [M, I]);
        expectClose("dh", gradients.h, product("float32", dy, B, O, R), [M, R]);
        expectClose("dB", gradients.B, product("float32", transposed(dy, O), h, M, R), [O, R]);
      });
    }
  });
}

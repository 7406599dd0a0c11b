import type { StepDefinition } from "@blora/spec";
import { clippedRounding, linearWithUpdate, onGrid, ops, type Tensor, withGradient } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { openSessions } from "../src/node/runtime.ts";
import { exactCodes } from "../src/session/code-sums.ts";
import { compileStep } from "../src/session/compiled-step.ts";
import type { CodeType } from "../src/trace/backend.ts";
import { type OperatorChoice, traceStep } from "../src/trace/trace-step.ts";

const sessions = openSessions();
const settings = { threads: 1, providers: ["cpu"] };

/** All of a tensor rounded to whole numbers of some bits. */
function rounded(x: Tensor, bits: number): Tensor {
  const round = withGradient((x: Tensor) => ({
    value: clippedRounding(x, ops.scalar(1), ops.scalar(2 ** (bits - 1) - 0.51), true, bits).value,
    gradient: (dy) => [dy],
  }));
  return ops.reshape(round(ops.reshape(x, [1, -1])), x.shape);
}

/** x·Wᵀ + h·Bᵀ + b of whole numbers, at the ends of what 8 bits hold. */
function stepOf(bits: { readonly x: number; readonly weight: number }): StepDefinition {
  return {
    name: "whole numbers",
    mode: "train",
    inputs: {},
    trainable: { x: [2, 64], h: [2, 1], B: [2, 1] },
    frozen: new Map([
      ["weight", { shape: [2, 64], storage: "f32", source: new Float32Array(128).fill(127, 0, 64).fill(-127, 64) }],
      ["bias", { shape: [2], storage: "f32", source: Float32Array.of(1, 2) }],
    ]),
    compute({ trainable, frozen }) {
      const { x, h, B } = trainable as Record<"x" | "h" | "B", Tensor>;
      const y = linearWithUpdate(rounded(x, bits.x), rounded(frozen("weight"), bits.weight), frozen("bias"), h, B);
      return { loss: ops.sum(y), outputs: { y } };
    },
  };
}

const values = {
  x: new Float32Array(128).fill(127, 0, 64).fill(-200, 64),
  h: Float32Array.of(3, 5),
  B: Float32Array.of(7, 11),
};
const SUM = 127 * 127 * 64;

function operatorsOf(step: StepDefinition, operators: OperatorChoice = "runtime"): string[] {
  return traceStep(step, operators).graph.nodes.map(({ operator }) => operator);
}

const exact = await exactCodes(sessions, settings);
const CASES: readonly (readonly [OperatorChoice, CodeType])[] = [
  ["runtime", "int8"],
  ["runtime", "uint8"],
  ["integer", "int8"],
  ["integer", "uint8"],
  ["portable", "uint8"],
];

describe("products of rounded tensors", () => {
  for (const [operators, type] of CASES) {
    // Signed codes are used where this processor sums their products exactly.
    const skipped = type === "int8" && exact !== "int8";
    test.skipIf(skipped)(`are exact by the operators ${operators} with frozen codes of ${type}`, async () => {
      const compiled = await compileStep(stepOf({ x: 8, weight: 8 }), operators, settings, sessions, async () => type);
      const { outputs } = await compiled.run({}, values, { seed: 0, step: 0 });
      await compiled.release();
      expect([...outputs.y!]).toEqual([SUM + 21 + 1, -SUM + 33 + 2, -SUM + 35 + 1, SUM + 55 + 2]);
    });
  }
});

describe("the type of codes that is exact here", () => {
  const asked = async (step: StepDefinition): Promise<number> => {
    let times = 0;
    const exact = async (): Promise<CodeType> => {
      times += 1;
      return "uint8";
    };
    const compiled = await compileStep(step, "runtime", settings, sessions, exact);
    await compiled.release();
    return times;
  };

  test("is found out for a step that multiplies codes, and for no other", async () => {
    expect(await asked(stepOf({ x: 8, weight: 8 }))).toBe(1);
    expect(await asked(stepOf({ x: 16, weight: 16 }))).toBe(0);
  });
});

describe("which products are of whole numbers", () => {
  test("those of tensors that both have 8 bits or fewer", () => {
    expect(operatorsOf(stepOf({ x: 8, weight: 4 }))).toContain("MatMulIntegerToFloat");
    expect(operatorsOf(stepOf({ x: 16, weight: 8 }))).not.toContain("MatMulIntegerToFloat");
    expect(operatorsOf(stepOf({ x: 8, weight: 16 }))).not.toContain("MatMulIntegerToFloat");
  });

  test("with a gradient of whole numbers at int8 alone", () => {
    const products = (operators: OperatorChoice): number =>
      operatorsOf(stepOf({ x: 8, weight: 8 }), operators).filter((name) => name === "MatMulIntegerToFloat").length;
    expect(products("runtime")).toBe(1);
    expect(products("integer")).toBe(2);
    expect(products("webgpu")).toBe(0);
  });

  test("in ONNX's own operators where other programs run the graph", () => {
    const { nodes } = traceStep(stepOf({ x: 8, weight: 8 }), "portable").graph;
    expect(nodes.map(({ operator }) => operator)).toContain("MatMulInteger");
    expect(nodes.filter(({ domain }) => domain !== "")).toEqual([]);
  });

  test("not one whose weight has a scale for each row", () => {
    const byRow = withGradient((x: Tensor) => ({
      value: onGrid(x, ops.ones([2, 1]), { bits: 8, signed: true, offset: 0 }),
      gradient: (dy) => [dy],
    }));
    const step = stepOf({ x: 8, weight: 8 });
    const compute: StepDefinition["compute"] = ({ trainable, frozen }) => {
      const { x, h, B } = trainable as Record<"x" | "h" | "B", Tensor>;
      return { loss: ops.sum(linearWithUpdate(rounded(x, 8), byRow(frozen("weight")), frozen("bias"), h, B)) };
    };
    expect(operatorsOf({ ...step, compute })).not.toContain("MatMulIntegerToFloat");
  });
});

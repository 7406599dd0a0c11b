import type { FrozenTensor, StepDefinition, StepResult } from "@blora/spec";
import { frozenLinear, gelu, lowRankLinear, normalValues, ops } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { copiedBytes } from "../src/graph/copied-bytes.ts";
import { executionOrder, inFileOrder } from "../src/graph/execution-order.ts";
import type { Graph } from "../src/graph/graph.ts";
import { openSessions } from "../src/node/runtime.ts";
import { compileStep } from "../src/session/compiled-step.ts";
import { traceSparingly } from "../src/trace/trace-sparingly.ts";
import { type OperatorChoice, traceStep } from "../src/trace/trace-step.ts";

const [M, I, O, V, RANK] = [8, 24, 16, 40, 2];

const drawn = (path: string, shape: readonly number[]): Float32Array =>
  normalValues(
    { seed: 1, step: 0, path },
    shape.reduce((size, dimension) => size * dimension, 1),
    0.3,
  );

/** An adapted map, one that is not, and the trained parameters of the first. */
function stepOf(storage: FrozenTensor["storage"], source?: Float32Array): StepDefinition {
  const matrix = (name: string, rows: number, columns: number): FrozenTensor => {
    const shape = [rows, columns];
    if (source !== undefined) return { shape, storage: "f32", source: drawn(name, shape) };
    const length = (storage === "f32" ? 4 : 2) * rows * columns;
    return { shape, storage, source: { path: `/absent/${name}`, offset: 0, length } };
  };
  return {
    name: "two maps",
    mode: "train",
    inputs: { x: { shape: [M, I], dtype: "float32" } },
    trainable: { A: [RANK, I], B: [O, RANK], bias: [I] },
    frozen: new Map([
      ["adapted", matrix("adapted", O, I)],
      ["plain", matrix("plain", V, O)],
    ]),
    compute({ input, trainable, frozen }) {
      const x = ops.add(input.x!, trainable.bias!);
      const y = gelu(lowRankLinear(x, frozen("adapted"), undefined, trainable.A!, trainable.B!));
      return { loss: ops.sum(ops.square(frozenLinear(y, frozen("plain")))) };
    },
  };
}

async function run(operators: OperatorChoice): Promise<StepResult> {
  const sessions = openSessions();
  const compiled = await compileStep(
    stepOf("f32", new Float32Array()),
    operators,
    { threads: 1, providers: ["cpu"] },
    sessions,
  );
  const trainable = { A: drawn("A", [RANK, I]), B: drawn("B", [O, RANK]), bias: drawn("bias", [I]) };
  const { loss, gradients } = await compiled.run({ x: drawn("x", [M, I]) }, trainable, { seed: 1, step: 0 });
  const copied = Object.entries(gradients).map(([name, values]) => [name, values.slice()] as const);
  await compiled.release();
  return { loss, outputs: {}, gradients: Object.fromEntries(copied) };
}

/** Values of the shape of a frozen matrix, with how many nodes pass between the making and the last use of each. */
function lifetimes(graph: Graph): number[] {
  const shapes = new Set([`${[O, I]}`, `${[V, O]}`]);
  const order = executionOrder(inFileOrder(graph));
  return order.flatMap(({ outputs, values }, made) => {
    if (!shapes.has(String(values?.[0]?.shape))) return [];
    return [order.findLastIndex(({ inputs }) => inputs.includes(outputs[0]!)) - made];
  });
}

describe("copies of frozen matrices", () => {
  test("are counted once each, whatever a step computes with them", () => {
    const matrices = 4 * O * I + 4 * V * O;
    expect(copiedBytes(traceStep(stepOf("f16")).graph)).toBe(matrices);
    expect(copiedBytes(traceStep(stepOf("f32")).graph)).toBe(4 * O * I); // the other is read where it lies
    expect(copiedBytes(traceStep({ ...stepOf("f32"), frozen: stepOf("f16").frozen }).graph)).toBe(matrices);
  });

  test("are made where they fit, and in no other case", () => {
    const step = stepOf("f32");
    const bytes = 4 * O * I;
    expect(traceSparingly(step, "runtime", { mostCopied: bytes })).toEqual(traceStep(step));
    expect(traceSparingly(step, "runtime", { mostCopied: bytes - 1 })).toEqual(traceStep(step, "sparing"));
    expect(traceSparingly(step, "runtime")).toEqual(traceStep(step));
    expect(traceSparingly(step, "portable", { mostCopied: 0 })).toEqual(traceStep(step, "portable"));
  });

  test("do not outlive the product they are made for", () => {
    expect(Math.max(...lifetimes(traceStep(stepOf("f16")).graph))).toBeGreaterThan(5);
    const sparing = lifetimes(traceStep(stepOf("f16"), "sparing").graph);
    expect(sparing).toEqual([1, 1, 1, 1]); // both maps, forward and back
    expect(lifetimes(traceStep(stepOf("f32"), "sparing").graph)).toEqual([]);
  });

  test("change values and gradients by float32 rounding alone", async () => {
    const [merged, beside] = [await run("runtime"), await run("sparing")];
    expect(beside.loss! / merged.loss!).toBeCloseTo(1, 5);
    for (const [name, expected] of Object.entries(merged.gradients)) {
      const scale = Math.max(...expected.map(Math.abs));
      const difference = Math.max(...expected.map((value, index) => Math.abs(value - beside.gradients[name]![index]!)));
      expect(difference / scale).toBeLessThan(1e-5);
      expect(scale).toBeGreaterThan(0);
    }
  });
});

test("a large vocabulary in half precision is cast in parts, any other whole", () => {
  const castShapes = (V: number, H: number): string[] => {
    const table: FrozenTensor = {
      shape: [V, H],
      storage: "f16",
      source: { path: "/absent", offset: 0, length: 2 * V * H },
    };
    const { graph } = traceStep(
      {
        name: "logits",
        mode: "eval",
        inputs: { x: { shape: [2, H], dtype: "float32" } },
        trainable: {},
        frozen: new Map([["words", table]]),
        compute: ({ input, frozen }) => ({ outputs: { logits: frozenLinear(input.x!, frozen("words")) } }),
      },
      "sparing",
    );
    return graph.nodes.flatMap(({ operator, values }) => (operator === "Cast" ? [String(values![0]!.shape)] : []));
  };
  expect(castShapes(1000, 64)).toEqual(["1000,64"]);
  expect(castShapes(51_200, 2560)).toEqual(["13108,2560", "13108,2560", "13108,2560", "11876,2560"]);
});

import type { FrozenTensor, StepDefinition } from "@blora/spec";
import { linearCrossEntropy, ops, sizeOf } from "@blora/tensor";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { GraphValue } from "../src/graph/graph.ts";
import { TracingBackend } from "../src/trace/backend.ts";
import { traceStep } from "../src/trace/trace-step.ts";

/** Positions, width, and the vocabulary of Qwen2. */
const [P, H, V, CHUNK] = [512, 8, 151_936, 8192];

/** A bfloat16 table in a file nobody reads while tracing. */
const table: FrozenTensor = {
  shape: [V, H],
  storage: "bf16",
  source: { path: "/absent/model.safetensors", offset: 4096, length: 2 * V * H },
};

afterEach(() => vi.restoreAllMocks());

/** A step's graph, with the values its nodes compute. */
function trace(step: Omit<StepDefinition, "frozen">) {
  const made = vi.spyOn(TracingBackend.prototype, "tensorOf");
  const { graph } = traceStep({ ...step, frozen: new Map([["embedding", table]]) });
  const shapes = new Map(made.mock.calls.map(([value]: [GraphValue]) => [value.name, value.shape]));
  const computed = graph.nodes.flatMap(({ outputs }) => outputs.map((name) => shapes.get(name) ?? []));
  return { graph, computed, operators: graph.nodes.map(({ operator }) => operator) };
}

const training = trace.bind(undefined, {
  name: "loss",
  mode: "train",
  inputs: { targets: { shape: [P], dtype: "int32" } },
  trainable: { states: [P, H] },
  compute: ({ input, trainable, frozen }) => ({
    loss: ops.sum(linearCrossEntropy(trainable.states!, frozen("embedding"), undefined, input.targets!, CHUNK)),
  }),
});

describe("the loss of a large vocabulary, tied to its embedding", () => {
  test("never has the logits of all words: the largest tensor is one chunk's", () => {
    const sizes = training().computed.map(sizeOf);
    expect(Math.max(...sizes)).toBe(P * CHUNK);
  });

  test("reads each chunk of the table from its own place in the file", () => {
    const { graph, operators } = training();
    const parts = graph.initializers.filter(({ shape }) => shape.length === 2 && shape[1] === H && shape[0] !== V);
    const places = parts.map(({ data, shape }) => [(data as { offset: number }).offset, shape[0]]);
    const starts = Array.from({ length: Math.ceil(V / CHUNK) }, (_, index) => index * CHUNK);
    expect(places).toEqual(starts.map((start) => [4096 + 2 * H * start, Math.min(CHUNK, V - start)]));
    expect(operators).not.toContain("Slice");
  });

  test("casts each word once, for its logits and for the gradient by them", () => {
    const { graph } = training();
    const stored = new Set(graph.initializers.map(({ name }) => name));
    const casts = graph.nodes.filter(({ operator, inputs }) => operator === "Cast" && stored.has(inputs[0]!));
    expect(casts.reduce((sum, { values }) => sum + sizeOf(values![0]!.shape), 0)).toBe(V * H);
  });

  test("costs two products, values and gradient: no logit is computed twice", () => {
    const { graph } = training();
    const macs = graph.nodes.reduce((total, node) => total + node.macs, 0);
    expect(macs).toBe(2 * P * V * H);
  });

  test("is computed without gradient where none is asked for", () => {
    const { graph } = trace({
      name: "likelihood",
      mode: "eval",
      inputs: { targets: { shape: [P], dtype: "int32" }, states: { shape: [P, H], dtype: "float32" } },
      trainable: {},
      compute: ({ input, frozen }) => ({
        outputs: { losses: linearCrossEntropy(input.states!, frozen("embedding"), undefined, input.targets!, CHUNK) },
      }),
    });
    const macs = graph.nodes.reduce((total, node) => total + node.macs, 0);
    expect(macs).toBe(P * V * H);
  });
});

test("rows of a half-precision table are cast after they are gathered", () => {
  const { computed } = trace({
    name: "embedding",
    mode: "eval",
    inputs: { ids: { shape: [2, 3], dtype: "int32" } },
    trainable: {},
    compute: ({ input, frozen }) => ({ outputs: { rows: ops.gather(frozen("embedding"), input.ids!) } }),
  });
  expect(Math.max(...computed.map(sizeOf))).toBe(2 * 3 * H);
});

import { type Engine, MissingDependencyError, type StepDefinition } from "@blora/spec";
import { clippedRounding, linear, ops, rmsNorm } from "@blora/tensor";
import { testEngine } from "@blora/testing";
import { expect, test } from "vitest";
import { onnx } from "../src/index.ts";
import { openSessions } from "../src/node/runtime.ts";
import { compileStep } from "../src/session/compiled-step.ts";
import { traceStep } from "../src/trace/trace-step.ts";

const step: StepDefinition = {
  name: "on a GPU",
  mode: "train",
  inputs: { x: { shape: [4, 8], dtype: "float32" }, limit: { shape: [], dtype: "float32" } },
  trainable: { w: [8, 8], scale: [8] },
  frozen: new Map(),
  compute: ({ input, trainable }) => {
    const y = rmsNorm(linear(input.x!, trainable.w!), trainable.scale!, 1e-6);
    const rounded = clippedRounding(input.x!, input.limit!, input.limit!, true).value;
    return { loss: ops.sum(ops.addN([y, rounded, input.x!])) };
  },
};

test("a graph for the WebGPU provider has no operator that it lacks", () => {
  const operators = new Set(traceStep(step, "webgpu").graph.nodes.map(({ operator }) => operator));
  for (const absent of ["FusedMatMul", "QuantizeLinear", "Round", "SimplifiedLayerNormalization", "Sum"]) {
    expect(operators).not.toContain(absent);
  }
});

/** The graphs of the WebGPU provider, on the CPU. */
function onCpu(): Engine {
  const sessions = openSessions();
  return {
    ...onnx({ threads: 1 }),
    compile: (step) => compileStep(step, "webgpu", { threads: 1, providers: ["cpu"] }, sessions),
    release: async () => {},
  };
}
testEngine(onCpu());

const gpu = onnx({ provider: "webgpu" });
const reason = await gpu.compile(step).then(
  (compiled) => compiled.release(),
  (error: Error) => error,
);
if (reason === undefined) testEngine(gpu);
else {
  test("without a GPU the error says what is missing", () => {
    expect(reason).toBeInstanceOf(MissingDependencyError);
    expect(reason.message).toMatch(/the provider webgpu found no GPU \(.+\)\. On Linux it needs a Vulkan driver/s);
  });
  test.skip("on a GPU (none was found)", () => undefined);
}

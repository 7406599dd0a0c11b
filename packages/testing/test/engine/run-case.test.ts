import type { Engine, StepResult } from "@blora/spec";
import { ops, valueAndGradients } from "@blora/tensor";
import { expect, test } from "vitest";
import { elementwise } from "../../src/engine/float64.ts";
import { floats, type OpCase } from "../../src/engine/op-case.ts";
import { runCase } from "../../src/engine/run-case.ts";
import { useCpuBackend } from "../../src/index.ts";

useCpuBackend();

const cube: OpCase = {
  name: "cube",
  inputs: [floats("cube", [2, 3])],
  compute: (x) => ops.mul(x, ops.mul(x, x)),
  reference: (x) => elementwise((x) => x ** 3, x),
};

/** The smallest engine there is, with results spoiled on their way out. */
function createEngine(spoil: (result: StepResult) => StepResult = (result) => result): Engine {
  return {
    describe: async () => ({ id: "test", provider: "cpu", threads: 1, version: "0" }),
    release: async () => undefined,
    compile: async (step) => ({
      macs: undefined,
      release: async () => undefined,
      async run(_, trainable) {
        const x = ops.tensor(trainable.x0!, [...step.trainable.x0!]);
        let outputs: StepResult["outputs"] = {};
        const { value, gradients } = valueAndGradients(() => {
          const context = { mode: step.mode, uniform: () => ops.scalar(0), dropoutMask: () => ops.scalar(1) };
          const result = step.compute({ input: {}, trainable: { x0: x }, frozen: () => x, context });
          outputs = { value: Float32Array.from(result.outputs!.value!.dataSync()) };
          return result.loss!;
        }, [x]);
        const gradient = Float32Array.from(gradients[0]!.dataSync());
        return spoil({ loss: value.dataSync()[0], outputs, gradients: { x0: gradient } });
      },
    }),
  };
}

const scaleFirst = (values: Float32Array, factor: number) =>
  values.map((value, index) => (index === 0 ? value * factor : value));

test("an engine that computes the case passes", async () => {
  await runCase(createEngine(), cube);
});

test("a value off by a thousandth fails and is named", async () => {
  const engine = createEngine((result) => ({
    ...result,
    outputs: { value: scaleFirst(result.outputs.value!, 1.001) },
  }));
  await expect(runCase(engine, cube)).rejects.toThrow(/value 0 of the value \[2,3\]/);
});

test("a gradient off by a thousandth fails and is named", async () => {
  const engine = createEngine((result) => ({ ...result, gradients: { x0: scaleFirst(result.gradients.x0!, 0.999) } }));
  await expect(runCase(engine, cube)).rejects.toThrow(/value 0 of the gradient by x0/);
});

test("a gradient that is missing or not a number fails", async () => {
  await expect(
    runCase(
      createEngine((result) => ({ ...result, gradients: {} })),
      cube,
    ),
  ).rejects.toThrow(/gradient by x0 is missing/);
  const spoiled = createEngine((result) => ({
    ...result,
    gradients: { x0: scaleFirst(result.gradients.x0!, Number.NaN) },
  }));
  await expect(runCase(spoiled, cube)).rejects.toThrow(/is NaN/);
});

test("an engine that differs from the reference engine fails", async () => {
  const other = createEngine((result) => ({ ...result, outputs: { value: scaleFirst(result.outputs.value!, 1.001) } }));
  await expect(runCase(createEngine(), cube, other)).rejects.toThrow(/against the reference engine/);
});

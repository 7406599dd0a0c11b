import type { Engine, StepDefinition, StepResult } from "@blora/spec";
import { type HostTensor, ops, type Shape, sizeOf, uniformValues } from "@blora/tensor";
import { expect } from "vitest";
import { finiteDifferences } from "../finite-differences.ts";
import { expectEqualWithinFloat32 } from "./compare.ts";
import { type Float64Tensor, toFloat64 } from "./float64.ts";
import { isInteger, type OpCase } from "./op-case.ts";

const NOISE = { seed: 0, step: 0 };
const nameOf = (position: number): string => `x${position}`;

/** Checks value and gradient of one case on an engine, and against another engine where one is given. */
export async function runCase(engine: Engine, opCase: OpCase, reference?: Engine): Promise<void> {
  const inputs = opCase.inputs.map(toFloat64);
  const expected = opCase.reference(...inputs);
  const step = stepOf(opCase, expected.shape);
  const result = await runOnce(engine, step, opCase);
  expectEqualWithinFloat32("the value", result.outputs.value, expected);
  for (const [name, gradient] of expectedGradients(opCase, step, inputs, expected.shape)) {
    expectEqualWithinFloat32(`the gradient by ${name}`, result.gradients[name], gradient);
  }
  if (reference !== undefined) expectSameResult(result, await runOnce(reference, step, opCase));
}

/** One step that computes the case. Float inputs are trained unless the case has no gradient. */
function stepOf(opCase: OpCase, shape: Shape): StepDefinition {
  const specs = opCase.inputs.map((input, position) => ({
    name: nameOf(position),
    shape: input.shape,
    dtype: isInteger(input) ? ("int32" as const) : ("float32" as const),
  }));
  const isTrained = ({ dtype }: { dtype: string }) => opCase.gradient !== "none" && dtype === "float32";
  const trained = specs.filter(isTrained);
  const weights = lossWeights(shape);
  return {
    name: opCase.name,
    mode: trained.length > 0 ? "train" : "eval",
    inputs: Object.fromEntries(specs.filter((spec) => !isTrained(spec)).map(({ name, ...spec }) => [name, spec])),
    trainable: Object.fromEntries(trained.map(({ name, shape }) => [name, shape])),
    frozen: new Map(),
    compute({ input, trainable }) {
      const value = opCase.compute(...specs.map(({ name }) => (trainable[name] ?? input[name])!));
      expect(value.shape, "shape of the value").toEqual(shape);
      if (trained.length === 0) return { outputs: { value } };
      return { outputs: { value }, loss: ops.sum(ops.mul(value, ops.tensor(weights.values, [...shape]))) };
    },
  };
}

/** Fixed weights that make a scalar of a value, so that no element can hide behind another. */
function lossWeights(shape: Shape): HostTensor {
  const uniforms = uniformValues({ seed: 2, step: 0, path: "engine cases/loss weights" }, sizeOf(shape));
  return { shape, values: uniforms.map((u) => 2 * u - 1) };
}

async function runOnce(engine: Engine, step: StepDefinition, opCase: OpCase): Promise<StepResult> {
  const feeds: Record<string, Float32Array | Int32Array> = {};
  const trainable: Record<string, Float32Array> = {};
  for (const [position, { values }] of opCase.inputs.entries()) {
    const name = nameOf(position);
    if (name in step.trainable) trainable[name] = values.slice() as Float32Array;
    else feeds[name] = values.slice();
  }
  const compiled = await engine.compile(step);
  try {
    return await compiled.run(feeds, trainable, NOISE);
  } finally {
    await compiled.release();
  }
}

/** Two of them stay short of the nearest kink of any case. */
const STEP = 5e-5;

function* expectedGradients(
  opCase: OpCase,
  step: StepDefinition,
  inputs: readonly Float64Tensor[],
  shape: Shape,
): Generator<[string, Float64Tensor]> {
  const { gradient } = opCase;
  if (gradient === "none") return;
  const dy = toFloat64(lossWeights(shape));
  const loss = (...moved: Float64Tensor[]): number =>
    opCase.reference(...moved).values.reduce((sum, value, index) => sum + value * dy.values[index]!, 0);
  const formulas = gradient?.(dy, ...inputs);
  let trained = 0;
  for (const position of inputs.keys()) {
    const name = nameOf(position);
    if (!(name in step.trainable)) continue;
    yield [name, formulas?.[trained++] ?? slopes(loss, inputs, position)];
  }
}

/** Gradient of `loss` by one of its inputs, in double precision. */
function slopes(
  loss: (...inputs: Float64Tensor[]) => number,
  inputs: readonly Float64Tensor[],
  position: number,
): Float64Tensor {
  const { shape, values } = inputs[position]!;
  const at = (entry: number, offset: number): number =>
    loss(...inputs.with(position, { shape, values: values.with(entry, values[entry]! + offset) }));
  return { shape, values: finiteDifferences(values.length, STEP, at) };
}

function expectSameResult(result: StepResult, other: StepResult): void {
  for (const [name, values] of Object.entries(other.outputs)) {
    expectEqualWithinFloat32(`${name} against the reference engine`, result.outputs[name], vector(values));
  }
  for (const [name, values] of Object.entries(other.gradients)) {
    expectEqualWithinFloat32(
      `gradient by ${name} against the reference engine`,
      result.gradients[name],
      vector(values),
    );
  }
}

const vector = (values: Float32Array): Float64Tensor => ({ shape: [values.length], values: Float64Array.from(values) });

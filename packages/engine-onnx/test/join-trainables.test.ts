import type { StepDefinition } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";
import { expect, onTestFinished, test } from "vitest";
import { joinTrainables } from "../src/graph/join-trainables.ts";
import { onnx } from "../src/index.ts";
import { traceStep } from "../src/trace/trace-step.ts";

type Loss = (parts: readonly Tensor[]) => Tensor;

/** A step of two rows and of one, [3, 2] together. */
function stepOf(loss: Loss): StepDefinition {
  return {
    name: "joined",
    mode: "train",
    inputs: {},
    trainable: { a: [2, 2], b: [1, 2] },
    frozen: new Map(),
    compute: ({ trainable }) => ({ loss: loss([trainable.a!, trainable.b!]) }),
  };
}

/** Names at the border of the graph. */
function namesOf(loss: Loss): { inputs: string[]; outputs: string[] } {
  const { graph } = joinTrainables(traceStep(stepOf(loss)).graph);
  return { inputs: graph.inputs.map(({ name }) => name), outputs: graph.outputs.map(({ name }) => name) };
}

async function run(loss: Loss) {
  const engine = onnx({ threads: 1 });
  onTestFinished(() => engine.release());
  const compiled = await engine.compile(stepOf(loss));
  const values = { a: Float32Array.of(1, 2, 3, 4), b: Float32Array.of(5, 6) };
  const { loss: found, gradients } = await compiled.run({}, values, { seed: 0, step: 0 });
  return { loss: found, a: [...gradients.a!], b: [...gradients.b!] };
}

const weights = (): Tensor => ops.tensor([1, 10, 100, 1000, 2, 3], [3, 2]);
const weighed: Loss = (parts) => ops.sum(ops.mul(ops.concat([...parts], 0), weights()));

test("trainables that a step only joins are one input, and their gradients one output", async () => {
  expect(namesOf(weighed)).toEqual({ inputs: ["trainable/joined 0"], outputs: ["loss", "gradient/joined 0"] });
  const loss = 1 + 20 + 300 + 4000 + 10 + 18;
  expect(await run(weighed)).toEqual({ loss, a: [1, 10, 100, 1000], b: [2, 3] });
});

test("nothing is left of what joined and split them", () => {
  const { nodes, initializers } = joinTrainables(traceStep(stepOf(weighed)).graph).graph;
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  expect(nodes.filter(({ operator }) => ["Concat", "Split"].includes(operator))).toEqual([]);
  expect(initializers.filter(({ name }) => !read.has(name))).toEqual([]);
});

test("they are one input however often the same are joined", async () => {
  const twice: Loss = (parts) => ops.add(weighed(parts), ops.sum(ops.concat([...parts], 0)));
  expect(namesOf(twice).inputs).toEqual(["trainable/joined 0"]);
  expect(await run(twice)).toMatchObject({ a: [2, 11, 101, 1001], b: [3, 4] });
});

test("one that is read otherwise too, or joined in two orders, stays as it is", async () => {
  const also: Loss = (parts) => ops.add(weighed(parts), ops.sum(parts[1]!));
  expect(namesOf(also)).toMatchObject({ inputs: ["trainable/a", "trainable/b"] });
  expect(await run(also)).toMatchObject({ a: [1, 10, 100, 1000], b: [3, 4] });
  const turned: Loss = ([a, b]) => ops.add(weighed([a!, b!]), ops.sum(ops.mul(ops.concat([b!, a!], 0), weights())));
  expect(namesOf(turned)).toMatchObject({ inputs: ["trainable/a", "trainable/b"] });
  expect(await run(turned)).toMatchObject({ a: [101, 1010, 102, 1003], b: [3, 13] });
});

test("tensors that are joined side by side stay as they are", async () => {
  const beside: Loss = ([a, b]) => ops.sum(ops.square(ops.concat([ops.reshape(a!, [1, 4]), b!], 1)));
  expect(namesOf(beside)).toMatchObject({ inputs: ["trainable/a", "trainable/b"] });
  expect(await run(beside)).toMatchObject({ a: [2, 4, 6, 8], b: [10, 12] });
});

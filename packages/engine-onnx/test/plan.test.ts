import type { FrozenTensor, StepDefinition } from "@blora/spec";
import { gelu, geluTanh, layerNorm, lowRankLinear, ops, rmsNorm, sizeOf, type Tensor } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { planMemory } from "../src/graph/plan-memory.ts";
import { onnx } from "../src/index.ts";
import { traceStep } from "../src/trace/trace-step.ts";

const M = 8;
const I = 64;
const O = 32;

/** y = x·(W + B·A)ᵀ and Σ y², with W where no file is. */
function adapted(mode: "train" | "eval", storage: FrozenTensor["storage"], rank: number): StepDefinition {
  const bytes = (storage === "f32" ? 4 : 2) * O * I;
  const shapes = { A: [rank, I], B: [O, rank] };
  const inputs = { x: { shape: [M, I], dtype: "float32" } } as const;
  const parameters = Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: "float32" as const }]);
  return {
    name: "adapted",
    mode,
    inputs: mode === "train" ? inputs : { ...inputs, ...Object.fromEntries(parameters) },
    trainable: mode === "train" ? shapes : {},
    frozen: new Map([["w", { shape: [O, I], storage, source: { path: "/absent", offset: 0, length: bytes } }]]),
    compute({ input, trainable, frozen }) {
      const { A = input.A!, B = input.B! } = trainable;
      const y = lowRankLinear(input.x!, frozen("w"), undefined, A, B);
      return mode === "train" ? { loss: ops.sum(ops.square(y)) } : { outputs: { y } };
    },
  };
}

describe("plan", () => {
  const { plan } = onnx();

  const live = (step: StepDefinition): number => planMemory(traceStep(step).graph).live;

  test("adds up what lives at a time, without the weights' file", () => {
    // The merged weight [O, I] beside B·A, then beside y [M, O]; inputs and outputs throughout.
    const merged = 4 * O * I;
    const given = 4 * (M * I + 4 * (O + I) + M * O);
    expect(plan!(adapted("eval", "f32", 4)).macs).toBe(O * I * 4 + M * I * O);
    expect(live(adapted("eval", "f32", 4))).toBe(2 * merged + given);
    // Half floats are cast before they are added to.
    expect(live(adapted("eval", "f16", 4))).toBe(3 * merged + given);
  });

  test("is more than that by a tenth, by the largest value twice and by what a process has", () => {
    const step = adapted("eval", "f32", 4);
    expect(plan!(step).peakBytes).toBe(Math.ceil(1.1 * live(step)) + 2 * 4 * O * I + 2 ** 25);
  });

  test("keeps for the gradient what it needs", () => {
    const train = plan!(adapted("train", "f32", 4));
    expect(train.peakBytes).toBeGreaterThan(plan!(adapted("eval", "f32", 4)).peakBytes);
    // B·A and y, then two narrow products each for dA and dB; x needs no gradient.
    expect(train.macs).toBe(O * I * 4 + M * I * O + 2 * M * 4 * (I + O));
  });

  test("counts the nodes of the outputs, not of what none of them needs", () => {
    const nodesOf = (compute: (x: Tensor) => Tensor): number =>
      plan!({
        name: "nodes",
        mode: "eval",
        inputs: { x: { shape: [M, I], dtype: "float32" } },
        trainable: {},
        frozen: new Map(),
        compute: ({ input }) => ({ outputs: { y: compute(input.x!) } }),
      }).nodes;
    // An output is named by a node of its own.
    expect(nodesOf(ops.tanh)).toBe(2);
    expect(nodesOf((x) => ops.tanh(ops.square(x)))).toBe(3);
    const unused = (x: Tensor): Tensor => {
      ops.sum(ops.square(x));
      return ops.tanh(x);
    };
    expect(nodesOf(unused)).toBe(2);
    // Half floats are cast by a node more.
    expect(plan!(adapted("eval", "f16", 4)).nodes).toBe(plan!(adapted("eval", "f32", 4)).nodes + 1);
  });

  test("passes over a wide activation as often as its gradients need", () => {
    const passes = (f: (x: Tensor) => Tensor): number => {
      const step: StepDefinition = {
        name: "passes",
        mode: "train",
        inputs: { weights: { shape: [M, I], dtype: "float32" } },
        trainable: { x: [M, I] },
        frozen: new Map(),
        compute: ({ input, trainable }) => ({ loss: ops.sum(ops.mul(f(trainable.x!), input.weights!)) }),
      };
      const { nodes } = traceStep(step).graph;
      return nodes.filter(({ values }) => values?.[0] !== undefined && sizeOf(values[0].shape) === M * I).length;
    };
    // Forward: the function and the product with the weights. Back: the gradient of the sum, and that times the weights.
    const around = 4;
    expect(passes(gelu) - around).toBe(9);
    expect(passes(geluTanh) - around).toBe(12);
    expect(passes((x) => layerNorm(x, ops.ones([I]), ops.zeros([I]), 1e-5)) - around).toBe(7);
    expect(passes((x) => rmsNorm(x, ops.ones([I]), 1e-5)) - around).toBe(5);
  });

  test("counts constants once and views not at all", () => {
    const peakBytes = live({
      name: "views",
      mode: "eval",
      inputs: { x: { shape: [M, I], dtype: "float32" } },
      trainable: {},
      frozen: new Map(),
      compute: ({ input }) => {
        const view = ops.reshape(ops.reshape(input.x!, [M * I]), [I, M]);
        return { outputs: { y: ops.add(view, ops.tensor(new Float32Array(I * M), [I, M])) } };
      },
    });
    // The input, the constant, the sum and the output it becomes; shapes of the views are a few bytes more.
    expect(peakBytes).toBeGreaterThanOrEqual(4 * 4 * M * I);
    expect(peakBytes).toBeLessThan(4 * 4 * M * I + 100);
  });
});

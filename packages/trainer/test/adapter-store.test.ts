import type { StepEvent } from "@blora/runs";
import type { AdapterStore, Matrix, Method, MethodTraining } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { train } from "../src/train.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { GATES_FROM, gatedLora, plainLora } from "./tiny-problem.ts";
import { recorder, TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

const SITE = "layer.0.up";

/** Plain LoRA of rank 2 that does something between steps. */
function lora(training: MethodTraining = {}): Method {
  return { ...plainLora({ rank: 2, dropout: 0 }), training };
}

async function stepsOf(method: Method, change: object = {}): Promise<StepEvent[]> {
  const { events, onEvent } = recorder();
  const args = { ...TINY_ARGUMENTS, maxSteps: 6, ...change };
  await train(tinyRun(temporaryFolder(), { method, onEvent, arguments: args }));
  return events.filter((event) => event.type === "step");
}

function product(left: Matrix, right: Matrix): number[][] {
  return left.map((row) => right[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * right[k]![j]!, 0)));
}

const transposed = (matrix: Matrix): number[][] => matrix[0]!.map((_, j) => matrix.map((row) => row[j]!));

function rowsOf(values: Float32Array, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
}

/** A ← T·A and B ← B·T⁻¹ at every site: the same update in other factors. */
function refactor({ sites, get, recombine }: AdapterStore): void {
  const T = [
    [2, 1],
    [0, 1],
  ];
  const inverse = [
    [0.5, -0.5],
    [0, 1],
  ];
  for (const { path, inFeatures } of sites) {
    const { A, B } = get(path).parameters;
    // By the chain rule ∂L/∂A' = T⁻ᵀ·∂L/∂A and ∂L/∂B' = ∂L/∂B·Tᵀ.
    const newA = Float32Array.from(product(T, rowsOf(A!.values, inFeatures)).flat());
    recombine(path, "A", 0, newA, transposed(inverse));
    const newB = Float32Array.from(product(rowsOf(B!.values, 2), inverse).flat());
    recombine(path, "B", 1, newB, T);
  }
}

describe("recombine", () => {
  it("of A and B to an equivalent factorisation goes on from the same loss, without another graph", async () => {
    const { events, onEvent } = recorder();
    const method = lora({ beforeStep: (store, { step }) => (step === 3 ? refactor(store) : undefined) });
    const args = { ...TINY_ARGUMENTS, maxSteps: 6, padToMultipleOf: 24 };
    const same = await stepsOf(lora(), args);
    await train(tinyRun(temporaryFolder(), { method, onEvent, arguments: args }));
    const steps = events.filter((event) => event.type === "step");
    expect(steps.map(({ loss }) => loss).slice(0, 3)).toEqual(same.map(({ loss }) => loss).slice(0, 3));
    expect(steps[3]!.loss).toBeCloseTo(same[3]!.loss, 5);
    const compiled = events.flatMap((event) => (event.type === "compile" ? [event.name] : []));
    expect(compiled).toEqual(["train 8x24", "evaluate 16x24"]);
  });
});

describe("squaredGradients", () => {
  it("are zeros before the first step, then AdamW's average without its bias", async () => {
    const seen: Float32Array[] = [];
    const given: Float32Array[] = [];
    const method = lora({
      beforeStep: (store) => void seen.push(store.squaredGradients(SITE, "B")),
      afterStep: (_store, _progress, gradients) => void given.push(gradients.get(`${SITE}/B`)!.slice()),
    });
    await stepsOf(method, { maxSteps: 3, adamBeta2: 0.5, maxGradNorm: 0 });
    const [first, second] = given.map((gradient) => gradient.map((g) => g * g));
    expect(seen[0]).toEqual(new Float32Array(12));
    expect(first!.some((square) => square > 1e-6)).toBe(true);
    expectAllClose(seen[1]!, first!, { absolute: 1e-12 });
    // v₂ = (v₁ + g₂²)/2 with v₁ = g₁²/2, over 1 - 1/4.
    const expected = first!.map((square, index) => (square / 4 + second![index]! / 2) / 0.75);
    expectAllClose(seen[2]!, expected, { absolute: 1e-12 });
  });
});

describe("a group for which the method names no optimizer", () => {
  it("stops the run before the first step that would train it, and names the parameter", async () => {
    const { optimizer: _, ...training } = gatedLora().training!;
    const { events, onEvent } = recorder();
    const method: Method = { ...gatedLora(), training };
    const run = tinyRun(temporaryFolder(), { method, onEvent, arguments: { ...TINY_ARGUMENTS, maxSteps: 10 } });
    await expect(train(run)).rejects.toThrow(
      `${SITE}/phi: expected the method to name an optimizer for its group "gates" in training.optimizer, found none.`,
    );
    expect(events.filter(({ type }) => type === "step")).toHaveLength(GATES_FROM);
  });
});

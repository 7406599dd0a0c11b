import { PRECISIONS, type Precision, type StepDefinition, type StepResult } from "@blora/spec";
import {
  frozenLinear,
  gelu,
  linearCrossEntropy,
  lowRankLinear,
  normalValues,
  ops,
  softmax,
  type Tensor,
} from "@blora/tensor";
import { expect, test } from "vitest";
import { planMemory } from "../src/graph/plan-memory.ts";
import { onnx, traceStep } from "../src/index.ts";

const [M, H, F, V, RANK, LAYERS] = [128, 16, 64, 40, 2, 6];

const drawn = (path: string, shape: readonly number[]): Float32Array =>
  normalValues(
    { seed: 1, step: 0, path },
    shape.reduce((size, dimension) => size * dimension, 1),
    0.1,
  );

/** Layers of an attention of sorts and a feed-forward part, some of whose maps are adapted. */
function stepOf(gradientCheckpointing: boolean): StepDefinition {
  const frozen = new Map([["words", { shape: [V, H], storage: "f32" as const, source: drawn("words", [V, H]) }]]);
  const trainable: Record<string, readonly number[]> = {};
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const [name, O, I] of [
      ["mix", H, H],
      ["up", F, H],
      ["down", H, F],
    ] as const) {
      const path = `${name} ${layer}`;
      frozen.set(path, { shape: [O, I], storage: "f32", source: drawn(path, [O, I]) });
      if (name === "mix") continue;
      trainable[`${path}/A`] = [RANK, I];
      trainable[`${path}/B`] = [O, RANK];
    }
  }
  return {
    name: "layers",
    mode: "train",
    inputs: {
      ids: { shape: [M], dtype: "int32" },
      targets: { shape: [M], dtype: "int32" },
      mask: { shape: [M, M], dtype: "float32" },
    },
    trainable,
    frozen,
    gradientCheckpointing,
    compute({ input, trainable, frozen, context }) {
      const adapted = (path: string, x: Tensor): Tensor =>
        lowRankLinear(x, frozen(path), undefined, trainable[`${path}/A`]!, trainable[`${path}/B`]!);
      let x: Tensor = ops.gather(frozen("words"), input.ids!);
      for (let layer = 0; layer < LAYERS; layer++) {
        const mixed = ops.matMul(
          softmax(ops.add(ops.matMul(x, x, false, true), input.mask!)),
          frozenLinear(x, frozen(`mix ${layer}`)),
        );
        x = ops.add(x, mixed);
        const kept = ops.cast(ops.greaterEqual(context.uniform(`noise ${layer}`, [M, F]), 0.1), "float32");
        x = ops.add(x, adapted(`down ${layer}`, ops.mul(gelu(adapted(`up ${layer}`, x)), kept)));
      }
      return { loss: ops.sum(linearCrossEntropy(x, frozen("words"), undefined, input.targets!, 16)) };
    },
  };
}

const [kept, again] = [false, true].map(stepOf) as [StepDefinition, StepDefinition];

async function run(step: StepDefinition, precision: Precision): Promise<StepResult> {
  const engine = onnx({ threads: 1, precision });
  const compiled = await engine.compile(step);
  const ids = Int32Array.from({ length: M }, (_, index) => (index * 7) % V);
  const values = Object.entries(step.trainable).map(([name, shape]) => [name, drawn(name, shape)] as const);
  const feeds = { ids, targets: ids.toReversed(), mask: drawn("mask", [M, M]) };
  const result = await compiled.run(feeds, Object.fromEntries(values), { seed: 3, step: 5 });
  const gradients = Object.entries(result.gradients).map(([name, gradient]) => [name, gradient.slice()] as const);
  await engine.release();
  return { ...result, gradients: Object.fromEntries(gradients) };
}

test.each(PRECISIONS)("loss and every gradient are the same to the last bit, in %s", async (precision) => {
  const [first, second] = [await run(kept, precision), await run(again, precision)];
  expect(second).toEqual(first);
  expect(Object.values(first.gradients).every((gradient) => gradient.some((value) => value !== 0))).toBe(true);
});

test("each layer is computed once more, the head is not", () => {
  const { plan } = onnx();
  const perLayer = M * M * H * 2 + M * H * H + 2 * M * H * F; // scores and mix, its map, up and down
  expect(plan!(again).macs - plan!(kept).macs).toBeLessThanOrEqual(LAYERS * perLayer);
  expect(plan!(again).macs - plan!(kept).macs).toBeGreaterThan((LAYERS - 1) * M * H * F);
});

test("takes the memory of fewer layers", () => {
  const [all, one] = [kept, again].map((step) => planMemory(traceStep(step).graph).live) as [number, number];
  const noise = 2 * LAYERS * 4 * M * F; // numbers that come in, and the masks they make
  expect(one - noise).toBeLessThan(0.5 * (all - noise));
});

test("is cut between layers where narrow values are alone for many nodes, as in whole numbers", () => {
  const paths = Array.from({ length: LAYERS }, (_, layer) => [`up ${layer}`, `down ${layer}`] as const);
  const planned = (gradientCheckpointing: boolean): number => {
    const { compute: _, ...step } = stepOf(gradientCheckpointing);
    const { graph } = traceStep(
      {
        ...step,
        compute({ input, trainable, frozen }) {
          const adapted = (path: string, x: Tensor): Tensor =>
            lowRankLinear(x, frozen(path), undefined, trainable[`${path}/A`]!, trainable[`${path}/B`]!);
          let x: Tensor = ops.gather(frozen("words"), input.ids!);
          for (const [up, down] of paths) x = ops.add(x, adapted(down, gelu(adapted(up, x))));
          return { loss: ops.sum(linearCrossEntropy(x, frozen("words"), undefined, input.targets!)) };
        },
      },
      "integer",
    );
    return planMemory(graph).live;
  };
  expect(planned(true)).toBeLessThan(0.6 * planned(false));
});

import type { Engine, StepDefinition } from "@blora/spec";
import { ops } from "@blora/tensor";
import { describe, expect, test } from "vitest";

const NOISE = { seed: 0, step: 0 };

/** loss = Σ w·x², outputs x² and a number; `unused` has no part in the loss. */
const squares: StepDefinition = {
  name: "squares",
  mode: "train",
  inputs: { w: { shape: [3], dtype: "float32" }, ids: { shape: [2], dtype: "int32" } },
  trainable: { x: [3], unused: [2, 2] },
  frozen: new Map(),
  compute({ input, trainable }) {
    const square = ops.square(trainable.x!);
    return {
      loss: ops.sum(ops.mul(input.w!, square)),
      outputs: { square, count: ops.sum(ops.cast(input.ids!, "float32")) },
    };
  },
};
const feeds = { w: Float32Array.of(1, 2, -1), ids: Int32Array.of(40, 2) };
const trainable = { x: Float32Array.of(1, -2, 3), unused: new Float32Array(4).fill(5) };

/** Tests what a step owes its caller whatever it computes. */
export function testSteps(engine: Engine): void {
  describe("a step", () => {
    test("returns loss, outputs and gradients", async () => {
      const step = await engine.compile(squares);
      const { loss, outputs, gradients } = await step.run(feeds, trainable, NOISE);
      expect(loss).toBe(0);
      expect(Object.keys(outputs).sort()).toEqual(["count", "square"]);
      expect([...outputs.square!]).toEqual([1, 4, 9]);
      expect([...outputs.count!]).toEqual([42]);
      expect([...gradients.x!]).toEqual([2, -8, -6]);
      await step.release();
    });

    test("gives a zero gradient to a tensor its loss does not use", async () => {
      const step = await engine.compile(squares);
      const { gradients } = await step.run(feeds, trainable, NOISE);
      expect([...gradients.unused!]).toEqual([0, 0, 0, 0]);
      await step.release();
    });

    test("computes with the steady inputs it is fed, whatever it keeps of earlier ones", async () => {
      const weight = Float32Array.of(1, 2, 3, 4);
      const step = await engine.compile({
        name: "steady",
        mode: "eval",
        inputs: { x: { shape: [1, 2], dtype: "float32" }, scale: { shape: [2, 2], dtype: "float32" } },
        trainable: {},
        frozen: new Map([["weight", { shape: [2, 2], storage: "f32", source: weight }]]),
        steady: new Set(["scale"]),
        compute: ({ input, frozen }) => ({
          outputs: { y: ops.matMul(input.x!, ops.mul(frozen("weight"), input.scale!)) },
        }),
      });
      const [ones, others] = [new Float32Array(4).fill(1), Float32Array.of(2, 0, 0, 1)];
      const run = async (x: Float32Array, scale: Float32Array) => [
        ...(await step.run({ x, scale }, {}, NOISE)).outputs.y!,
      ];
      expect(await run(Float32Array.of(1, 1), ones)).toEqual([4, 6]);
      expect(await run(Float32Array.of(1, 10), ones)).toEqual([31, 42]);
      expect(await run(Float32Array.of(1, 10), others)).toEqual([2, 40]);
      expect(await run(Float32Array.of(1, 1), ones)).toEqual([4, 6]);
      await step.release();
    });

    test("computes anew on every run, and the same for the same feeds", async () => {
      const step = await engine.compile(squares);
      const first = await step.run(feeds, trainable, NOISE).then(({ gradients }) => [...gradients.x!]);
      const moved = await step.run(
        { ...feeds, w: Float32Array.of(3, 3, 3) },
        { ...trainable, x: Float32Array.of(1, 1, 2) },
        NOISE,
      );
      expect(moved.loss).toBe(18);
      expect([...moved.gradients.x!]).toEqual([6, 6, 12]);
      const again = await step.run(feeds, trainable, NOISE);
      expect([...again.gradients.x!]).toEqual(first);
      await step.release();
    });

    test("leaves what it is fed as it was, also when results are written to", async () => {
      const step = await engine.compile({
        ...squares,
        compute: ({ input, trainable }) => ({
          loss: ops.sum(ops.mul(input.w!, trainable.x!)),
          outputs: { w: ops.reshape(input.w!, [3, 1]), x: ops.reshape(trainable.x!, [1, 3]) },
        }),
      });
      const { outputs, gradients } = await step.run(feeds, trainable, NOISE);
      for (const values of [outputs.w!, outputs.x!, gradients.x!]) values.fill(99);
      expect([...feeds.w, ...trainable.x]).toEqual([1, 2, -1, 1, -2, 3]);
      await step.release();
    });

    test("without trainable tensors has outputs and no gradient", async () => {
      for (const mode of ["train", "eval"] as const) {
        const step = await engine.compile({
          name: "doubled",
          mode,
          inputs: { x: { shape: [2], dtype: "float32" } },
          trainable: {},
          frozen: new Map(),
          compute: ({ input, context }) => ({
            outputs: { value: ops.mul(input.x!, context.mode === "train" ? 3 : 2) },
          }),
        });
        const { loss, outputs, gradients } = await step.run({ x: Float32Array.of(1, 2) }, {}, NOISE);
        expect(loss).toBeUndefined();
        expect([...outputs.value!]).toEqual(mode === "train" ? [3, 6] : [2, 4]);
        expect(gradients).toEqual({});
        await step.release();
      }
    });

    test("evaluates its loss where nothing is trained", async () => {
      const step = await engine.compile({
        name: "loss only",
        mode: "eval",
        inputs: { x: { shape: [2], dtype: "float32" } },
        trainable: {},
        frozen: new Map(),
        compute: ({ input }) => ({ loss: ops.sum(input.x!) }),
      });
      expect((await step.run({ x: Float32Array.of(1, 2) }, {}, NOISE)).loss).toBe(3);
      await step.release();
    });

    test("trains scalars", async () => {
      const step = await engine.compile({
        name: "scalar",
        mode: "train",
        inputs: {},
        trainable: { s: [] },
        frozen: new Map(),
        compute: ({ trainable }) => ({ loss: ops.square(trainable.s!) }),
      });
      const { loss, gradients } = await step.run({}, { s: Float32Array.of(-3) }, NOISE);
      expect([loss, ...gradients.s!]).toEqual([9, -6]);
      await step.release();
    });

    test("runs between the runs of another", async () => {
      const [first, second] = [await engine.compile(squares), await engine.compile({ ...squares, name: "other" })];
      const before = await first.run(feeds, trainable, NOISE).then(({ gradients }) => [...gradients.x!]);
      await second.run({ ...feeds, w: Float32Array.of(5, 5, 5) }, trainable, NOISE);
      await second.release();
      const after = await first.run(feeds, trainable, NOISE).then(({ gradients }) => [...gradients.x!]);
      expect(after).toEqual(before);
      await first.release();
    });

    test("names a feed that is missing", async () => {
      const step = await engine.compile(squares);
      await expect(step.run({ w: feeds.w }, trainable, NOISE)).rejects.toThrow(/\bids\b/);
      await expect(step.run(feeds, { x: trainable.x }, NOISE)).rejects.toThrow(/\bunused\b/);
      await step.release();
    });

    test("names a feed of the wrong length", async () => {
      const step = await engine.compile(squares);
      await expect(step.run({ ...feeds, w: new Float32Array(4) }, trainable, NOISE)).rejects.toThrow(/\bw\b/);
      await expect(step.run(feeds, { ...trainable, x: new Float32Array(2) }, NOISE)).rejects.toThrow(/\bx\b/);
      await step.release();
    });

    test("works after a run that failed", async () => {
      const step = await engine.compile(squares);
      await step.run({ w: feeds.w }, trainable, NOISE).catch(() => undefined);
      expect((await step.run(feeds, trainable, NOISE)).loss).toBe(0);
      await step.release();
    });
  });
}

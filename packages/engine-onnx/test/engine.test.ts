import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BloraError, type Engine, type FrozenTensor, type StepDefinition } from "@blora/spec";
import { gelu, layerNorm, linear, lowRankLinear, ops, type Tensor, uniformValues } from "@blora/tensor";
import { afterEach, describe, expect, test } from "vitest";
import { onnx } from "../src/index.ts";

const noise = { seed: 7, step: 3 };
const engines: Engine[] = [];
const folders: string[] = [];

function engine(): Engine {
  const made = onnx({ threads: 1 });
  engines.push(made);
  return made;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "blora-test-"));
  folders.push(path);
  return path;
}

afterEach(async () => {
  for (const made of engines.splice(0)) await made.release();
  for (const path of folders.splice(0)) await rm(path, { recursive: true });
});

function definition(step: Partial<StepDefinition> & Pick<StepDefinition, "compute">): StepDefinition {
  return { name: "test", mode: "train", inputs: {}, trainable: {}, frozen: new Map(), ...step };
}

const square = definition({
  trainable: { w: [2] },
  inputs: { x: { shape: [2], dtype: "float32" } },
  compute: ({ input, trainable }) => {
    const product = ops.mul(input.x!, trainable.w!);
    return { loss: ops.sum(ops.square(product)), outputs: { product } };
  },
});

describe("a compiled step", () => {
  test("gives the loss, outputs and gradients of hand-computed values", async () => {
    const step = await engine().compile(square);
    const result = await step.run({ x: Float32Array.of(2, 3) }, { w: Float32Array.of(1, -1) }, noise);
    expect(result.loss).toBe(13);
    expect([...result.outputs.product!]).toEqual([2, -3]);
    expect([...result.gradients.w!]).toEqual([8, -18]); // 2·x²·w
  });

  test("gives zeros as the gradient of a tensor the loss does not use", async () => {
    const step = await engine().compile({ ...square, trainable: { w: [2], unused: [3] } });
    const trainable = { w: Float32Array.of(1, 1), unused: new Float32Array(3) };
    const result = await step.run({ x: Float32Array.of(1, 1) }, trainable, noise);
    expect([...result.gradients.unused!]).toEqual([0, 0, 0]);
  });

  test("draws the noise of its seed, step and path", async () => {
    const step = await engine().compile(
      definition({ compute: ({ context }) => ({ outputs: { u: ops.mul(context.uniform("a/b", [5]), 1) } }) }),
    );
    const first = await step.run({}, {}, noise);
    expect(first.outputs.u).toEqual(uniformValues({ ...noise, path: "a/b" }, 5));
    const next = await step.run({}, {}, { ...noise, step: 4 });
    expect(next.outputs.u).not.toEqual(first.outputs.u);
  });

  test("gives a path that is asked for again the same noise, and a longer draw the same beginning", async () => {
    const step = await engine().compile(
      definition({
        compute: ({ context }) => ({
          outputs: {
            once: ops.mul(context.uniform("p", [2]), 1),
            again: ops.mul(context.uniform("p", [2]), 1),
            longer: ops.mul(context.uniform("p", [3]), 1),
          },
        }),
      }),
    );
    const { once, again, longer } = (await step.run({}, {}, noise)).outputs;
    expect(again).toEqual(once);
    expect(longer!.slice(0, 2)).toEqual(once);
  });

  test("names the step, input, expected and found sizes when a feed is missing or has a wrong size", async () => {
    const step = await engine().compile(square);
    const w = Float32Array.of(1, 1);
    await expect(step.run({}, { w }, noise)).rejects.toThrow(
      "step test: input x needs 2 values (shape [2]), got nothing",
    );
    await expect(step.run({ x: new Float32Array(3) }, { w }, noise)).rejects.toThrow("got 3 values");
    await expect(step.run({ x: new Float32Array(3) }, { w }, noise)).rejects.toSatisfy(BloraError.isInstance);
  });

  test("counts the multiply-accumulates of its forward products and of the gradients that are needed", async () => {
    const [M, I, O] = [6, 5, 4];
    const inputs = { x: { shape: [M, I], dtype: "float32" } } as const;
    const forward = await engine().compile(
      definition({
        inputs,
        mode: "eval",
        frozen: new Map([["w", frozen([O, I])]]),
        compute: ({ input, frozen }) => ({ outputs: { y: linear(input.x!, frozen("w")) } }),
      }),
    );
    expect(forward.macs).toBe(M * I * O);
    const trained = await engine().compile(
      definition({
        inputs,
        trainable: { w: [O, I] },
        compute: ({ input, trainable }) => ({ loss: ops.sum(linear(input.x!, trainable.w!)) }),
      }),
    );
    expect(trained.macs).toBe(2 * M * I * O); // nothing needs the gradient by x
  });

  test("never forms the weight gradient of a frozen matrix under a low-rank update", async () => {
    const [M, I, O, R] = [16, 8, 8, 2];
    const step = await engine().compile(
      definition({
        inputs: { x: { shape: [M, I], dtype: "float32" } },
        trainable: { A: [R, I], B: [O, R] },
        frozen: new Map([["w", frozen([O, I])]]),
        compute: ({ input, trainable, frozen }) => ({
          loss: ops.sum(lowRankLinear(input.x!, frozen("w"), undefined, trainable.A!, trainable.B!)),
        }),
      }),
    );
    const merging = O * R * I;
    const factors = 2 * M * R * (O + I); // dy·B, (dy·B)ᵀ·x, x·Aᵀ, (x·Aᵀ)ᵀ·dy
    expect(step.macs).toBe(M * I * O + merging + factors);
  });
});

describe("frozen tensors", () => {
  const sum = (frozenTensors: ReadonlyMap<string, FrozenTensor>) =>
    definition({
      mode: "eval",
      frozen: frozenTensors,
      compute: ({ frozen }) => ({
        outputs: Object.fromEntries([...frozenTensors.keys()].map((name) => [name, ops.mul(frozen(name), 1)])),
      }),
    });

  test("are read from their place in a file, as float32, float16 and bfloat16", async () => {
    const path = join(await folder(), "weights.bin");
    const bytes = Buffer.alloc(32);
    bytes.writeFloatLE(1.5, 8);
    bytes.writeFloatLE(-2.25, 12);
    bytes.writeUInt16LE(0x3e00, 16); // 1.5 in float16
    bytes.writeUInt16LE(0xc080, 18); // -4 in bfloat16
    await writeFile(path, bytes);
    const compiled = await engine().compile(
      sum(
        new Map<string, FrozenTensor>([
          ["single", { shape: [2], storage: "f32", source: { path, offset: 8, length: 8 } }],
          ["half", { shape: [1], storage: "f16", source: { path, offset: 16, length: 2 } }],
          ["brain", { shape: [1], storage: "bf16", source: { path, offset: 18, length: 2 } }],
        ]),
      ),
    );
    const { outputs } = await compiled.run({}, {}, noise);
    expect([...outputs.single!, ...outputs.half!, ...outputs.brain!]).toEqual([1.5, -2.25, 1.5, -4]);
  });

  test("may lie in files of several folders and behind symbolic links", async () => {
    const [first, second] = [await folder(), await folder()];
    await writeFile(join(first, "a.bin"), Buffer.from(Float32Array.of(1).buffer));
    await writeFile(join(second, "b.bin"), Buffer.from(Float32Array.of(2).buffer));
    await symlink(join(second, "b.bin"), join(first, "link.bin"));
    const slice = (path: string): FrozenTensor => ({
      shape: [1],
      storage: "f32",
      source: { path, offset: 0, length: 4 },
    });
    const tensors = new Map([
      ["a", slice(join(first, "a.bin"))],
      ["b", slice(join(first, "link.bin"))],
    ]);
    const { outputs } = await (await engine().compile(sum(tensors))).run({}, {}, noise);
    expect([outputs.a![0], outputs.b![0]]).toEqual([1, 2]);
  });
});

describe("the plugin", () => {
  test("refuses a provider this ONNX Runtime lacks and says which it has", () => {
    expect(() => onnx({ provider: "abacus" })).toThrow(/no provider abacus; it has cpu/);
  });

  test("refuses a thread count that is no whole number, or more than there can be", () => {
    for (const threads of [0, -1, 1.5, 1025, Number.NaN]) {
      expect(() => onnx({ threads })).toThrow(new RegExp(`Options of engine "onnx": threads: .*, found ${threads}`));
    }
    expect(() => onnx({ provdier: "webgpu" } as never)).toThrow('unknown key "provdier" (did you mean provider?)');
  });

  test("describes itself by provider, threads and runtime version", async () => {
    expect(await engine().describe()).toMatchObject({
      id: "onnx",
      provider: "cpu",
      threads: 1,
      version: expect.stringMatching(/^1\./),
    });
  });
});

function frozen(shape: readonly number[]): FrozenTensor {
  return { shape, storage: "f32", source: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5) };
}

describe("the description of an engine", () => {
  test("has the precision where it is not float32", async () => {
    expect(await engine().describe()).not.toHaveProperty("precision");
    const made = onnx({ threads: 1, precision: "int8" });
    engines.push(made);
    expect(await made.describe()).toMatchObject({ id: "onnx", provider: "cpu", precision: "int8" });
  });

  test("says where whole numbers were asked for and are not computed with", async () => {
    const made = onnx({ provider: "webgpu", precision: "int8" });
    engines.push(made);
    const description = await made.describe();
    expect(description).not.toHaveProperty("precision");
    expect(description.note).toBe("webgpu computes in float32, int8 is for the CPU");
  });

  test("refuses a precision it does not know, with those it knows", () => {
    expect(() => onnx({ precision: "int4" } as never)).toThrow(/precision: .*"float32"\|"int8".*found "int4"/);
  });
});

describe("gradients by hand", () => {
  /** Σ f(x) by x, as ONNX Runtime computes it. */
  async function gradientOf(f: (x: Tensor) => Tensor, x: Float32Array, shape: readonly number[]): Promise<number[]> {
    const step = await engine().compile(
      definition({ trainable: { x: shape }, compute: ({ trainable }) => ({ loss: ops.sum(f(trainable.x!)) }) }),
    );
    return [...(await step.run({}, { x }, noise)).gradients.x!];
  }

  test("of gelu are right at 0 and where the exponential overflows", async () => {
    const x = Float32Array.of(0, -0, 1e-30, -1e-30, 14, -14, 1e4, -1e4);
    expect(await gradientOf(gelu, x, [x.length])).toEqual([0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0]);
  });

  test("of a layer norm do not lose a small deviation beside a large mean", async () => {
    // Rows 100 + c: a layer norm, and so its gradient, is that of c.
    const c = [0.5, -1.25, 0.75, 2];
    const weighted = (x: Tensor): Tensor => {
      const normalized = layerNorm(x, ops.ones([4]), ops.zeros([4]), 1e-5);
      return ops.mul(normalized, ops.tensor([1, -2, 0.5, 0.25], [1, 4]));
    };
    const near = await gradientOf(weighted, Float32Array.from(c), [1, 4]);
    const far = await gradientOf(
      weighted,
      Float32Array.from(c, (value) => 100 + value),
      [1, 4],
    );
    for (const [index, value] of near.entries()) expect(far[index]).toBeCloseTo(value, 4);
  });
});

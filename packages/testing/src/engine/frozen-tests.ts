import { type Engine, type FrozenTensor, InvalidInputError, type StepDefinition, type StorageType } from "@blora/spec";
import { ops, type Shape, sizeOf } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { PLACES } from "./frozen-places.ts";

const NOISE = { seed: 0, step: 0 };

/** 16-bit patterns and the numbers they stand for. */
const half = {
  bits: Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x7bff, 0xfbff, 0x0001, 0x83ff, 0x0400, 0x0000),
  values: [1, -2, 0.333251953125, 65504, -65504, 2 ** -24, -1023 * 2 ** -24, 2 ** -14, 0],
};
const brain = {
  bits: Uint16Array.of(0x3f80, 0xc000, 0x3eab, 0x4049, 0x7f7f, 0xff7f, 0x0080, 0x0000),
  values: [1, -2, 0.333984375, 3.140625, (2 - 2 ** -7) * 2 ** 127, -(2 - 2 ** -7) * 2 ** 127, 2 ** -126, 0],
};

/** A step whose one output is the frozen tensor, multiplied by an input of ones. */
function readingStep(tensor: FrozenTensor, name = "read"): StepDefinition {
  return {
    name,
    mode: "eval",
    inputs: { ones: { shape: tensor.shape, dtype: "float32" } },
    trainable: {},
    frozen: new Map([["weight", tensor]]),
    compute: ({ input, frozen }) => ({ outputs: { value: ops.mul(frozen("weight"), input.ones!) } }),
  };
}

async function read(engine: Engine, tensor: FrozenTensor): Promise<number[]> {
  const step = await engine.compile(readingStep(tensor));
  const { outputs } = await step.run({ ones: new Float32Array(sizeOf(tensor.shape)).fill(1) }, {}, NOISE);
  const values = [...outputs.value!];
  await step.release();
  return values;
}

/** Tests that frozen tensors arrive exactly, whatever they are stored as and wherever they lie. */
export function testFrozenTensors(engine: Engine): void {
  for (const place of PLACES) {
    describe(`frozen tensors in ${place.name}`, () => testStored(engine, place.store));
  }
  describe("frozen tensors", () => {
    test("come as values", async () => {
      const values = Float32Array.of(1, -2, 3.5, 0.25, -1e-20, 1e20);
      expect(await read(engine, { shape: [2, 3], storage: "f32", source: values })).toEqual([...values]);
    });

    test("of one array are read in two shapes", async () => {
      const source = Float32Array.of(1, 2, 3, 4);
      expect(await read(engine, { shape: [2, 2], storage: "f32", source })).toEqual([1, 2, 3, 4]);
      expect(await read(engine, { shape: [4], storage: "f32", source })).toEqual([1, 2, 3, 4]);
    });

    for (const storage of ["f16", "bf16"] as const) {
      test(`of float32 values are not taken for ${storage}`, async () => {
        // Types forbid it; what comes from JavaScript may still say so.
        const tensor = { shape: [2], storage, source: Float32Array.of(1, 2) } as unknown as FrozenTensor;
        await expect(read(engine, tensor)).rejects.toThrow(InvalidInputError);
      });
    }

    test("of too few bytes are refused", async () => {
      const tensor: FrozenTensor = { shape: [3], storage: "f16", source: new Uint8Array(4) };
      await expect(read(engine, tensor)).rejects.toThrow(/needs 6 bytes/);
    });
  });
}

type Store = (typeof PLACES)[number]["store"];

function testStored(engine: Engine, store: Store): void {
  const stored = async (storage: StorageType, shape: Shape, bytes: ArrayBufferView, offset: number) =>
    ({ shape, storage, source: await store(bytes, offset) }) as const;
  for (const offset of [0, 4, 64, 4096, 1, 7, 333]) {
    test(`are read at byte ${offset}, in every storage`, async () => {
      const values = Float32Array.of(1, -2, 3.5, 0.25, -1e-20, 1e20);
      expect(await read(engine, await stored("f32", [2, 3], values, offset))).toEqual([...values]);
      expect(await read(engine, await stored("f16", [3, 3], half.bits, offset))).toEqual(half.values);
      expect(await read(engine, await stored("bf16", [8], brain.bits, offset))).toEqual(brain.values);
    });
  }

  test("of 16 bits give exact products and gradients", async () => {
    const weight = await stored("bf16", [2, 3], Uint16Array.of(0x3f80, 0x4000, 0x4040, 0xbf80, 0x3f00, 0x0000), 10);
    const step = await engine.compile({
      name: "linear",
      mode: "train",
      inputs: {},
      trainable: { x: [1, 3] },
      frozen: new Map([["weight", weight]]),
      compute({ trainable, frozen }) {
        const value = ops.matMul(trainable.x!, frozen("weight"), false, true); // [1, 2]
        return { outputs: { value }, loss: ops.sum(ops.mul(value, ops.tensor([1, 10], [1, 2]))) };
      },
    });
    const { loss, outputs, gradients } = await step.run({}, { x: Float32Array.of(1, 2, 4) }, NOISE);
    expect([...outputs.value!]).toEqual([17, 0]);
    expect(loss).toBe(17);
    expect([...gradients.x!]).toEqual([-9, 7, 3]);
    await step.release();
  });

  test("serve two steps at once, and outlive the release of one", async () => {
    const tensor = await stored("f32", [4], Float32Array.of(1, 2, 3, 4), 12);
    const ones = new Float32Array(4).fill(1);
    const first = await engine.compile(readingStep(tensor, "first"));
    const second = await engine.compile(readingStep(tensor, "second"));
    await first.run({ ones }, {}, NOISE);
    await first.release();
    const { outputs } = await second.run({ ones }, {}, NOISE);
    expect([...outputs.value!]).toEqual([1, 2, 3, 4]);
    await second.release();
  });

  test("give gather its rows by int32 indices", async () => {
    const table = await stored(
      "f16",
      [4, 2],
      Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700, 0x4800),
      3,
    );
    const step = await engine.compile({
      name: "embedding",
      mode: "eval",
      inputs: { ids: { shape: [2, 2], dtype: "int32" } },
      trainable: {},
      frozen: new Map([["table", table]]),
      compute: ({ input, frozen }) => ({ outputs: { value: ops.gather(frozen("table"), input.ids!) } }),
    });
    const { outputs } = await step.run({ ids: Int32Array.of(3, 0, 3, 2) }, {}, NOISE);
    expect([...outputs.value!]).toEqual([7, 8, 1, 2, 7, 8, 5, 6]);
    await step.release();
  });
}

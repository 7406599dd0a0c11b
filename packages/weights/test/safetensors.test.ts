import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from "@blora/files";
import { BloraError } from "@blora/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readSafetensorsHeader,
  readTensor,
  readTensorValues,
  type WritableTensor,
  writeSafetensors,
} from "../src/index.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();

const name = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((text) => {
  const isWellFormed = Buffer.from(text, "utf8").toString("utf8") === text;
  return isWellFormed && !["__metadata__", "__proto__", "constructor", "prototype"].includes(text);
});
const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const sizeOf = (dimensions: readonly number[]): number =>
  dimensions.reduce((product, dimension) => product * dimension, 1);
const tensor: fc.Arbitrary<WritableTensor> = shape.chain((dimensions) => {
  const length = { minLength: sizeOf(dimensions), maxLength: sizeOf(dimensions) };
  return fc.oneof(
    fc.float32Array(length).map((values) => ({ shape: dimensions, values })),
    fc.int32Array(length).map((values) => ({ shape: dimensions, values })),
    fc.bigInt64Array(length).map((values) => ({ shape: dimensions, values })),
  );
});
const tensors = fc
  .array(fc.tuple(name, tensor), { maxLength: 6 })
  .map((entries): ReadonlyMap<string, WritableTensor> => new Map(entries));
const metadata = fc.dictionary(name, fc.string({ maxLength: 8 }), { maxKeys: 3, noNullPrototype: true });

describe("writeSafetensors", () => {
  it("gives back every tensor and all metadata when it is read", () => {
    fc.assert(
      fc.property(tensors, metadata, (written, notes) => {
        const path = folder.at("round-trip.safetensors");
        writeSafetensors(path, written, notes);
        const file = readSafetensorsHeader(path);
        expect(file.metadata).toEqual(new Map(Object.entries(notes)));
        expect(new Set(file.tensors.keys())).toEqual(new Set(written.keys()));
        for (const [key, { shape: expectedShape, values }] of written) {
          expect(file.tensors.get(key)?.shape).toEqual(expectedShape);
          expect(readTensorValues(file, key)).toEqual(values);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("writes the same bytes whatever order the tensors come in, each aligned to its values", () => {
    const entries: [string, WritableTensor][] = [
      ["b", { shape: [3], values: new Float32Array([1, 2, 3]), type: "F16" }],
      ["z", { shape: [1], values: new Float32Array([1]) }],
      ["10", { shape: [], values: new BigInt64Array([5n]) }],
      ["a", { shape: [1], values: new Float32Array([9]) }],
    ];
    writeSafetensors(folder.at("1"), new Map(entries), { z: "1", a: "2" });
    writeSafetensors(folder.at("2"), new Map(entries.reverse()), { a: "2", z: "1" });
    const bytes = readFileSync(folder.at("1"));
    expect(bytes.equals(readFileSync(folder.at("2")))).toBe(true);
    const { tensors: placed } = readSafetensorsHeader(folder.at("1"));
    expect([...placed.keys()]).toEqual(["10", "a", "z", "b"]);
    expect([...placed.values()].map(({ offset }) => offset % 8)).toEqual([0, 0, 4, 0]);
    expect(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString()).toMatch(
      /^\{"__metadata__":\{"a":"2","z":"1"\},"10":\{"dtype":"I64","shape":\[\],"data_offsets":\[0,8\]\},"a":.*\} *$/,
    );
  });

  it("leaves the file before it and nothing else where it cannot write", () => {
    const path = folder.at("kept.safetensors");
    writeSafetensors(path, new Map([["w", { shape: [1], values: new Float32Array([4]) }]]));
    const bad = new Map<string, WritableTensor>([["w", { shape: [2], values: new Float32Array(1) }]]);
    expect(() => writeSafetensors(path, bad)).toThrow(/"w": expected 1 values in shape \[2\], which has 2/);
    expect(() => writeSafetensors(folder.at("none/x"), new Map())).toThrow(/Cannot write .*none/);
    expect(readTensor(readSafetensorsHeader(path), "w")).toEqual(new Float32Array([4]));
    expect(readdirSync(folder.path)).toEqual(["kept.safetensors"]);
  });

  it("refuses names that other readers would misread", () => {
    const one: WritableTensor = { shape: [], values: new Float32Array(1) };
    for (const bad of ["__metadata__", "__proto__", "constructor"]) {
      expect(() => writeSafetensors(folder.at("x"), new Map([[bad, one]]))).toThrow(/must not be named/);
    }
  });
});

describe("readSafetensorsHeader", () => {
  it("meets any damaged file with a BloraError or a header that fits the file", () => {
    const path = folder.at("damaged.safetensors");
    const original = new Map<string, WritableTensor>([
      ["layer.weight", { shape: [2, 3], values: new Float32Array([1, 2, 3, 4, 5, 6]) }],
      ["layer.bias", { shape: [3], values: new Float32Array([7, 8, 9]), type: "BF16" }],
      ["ids", { shape: [2], values: new BigInt64Array([1n, 2n]) }],
    ]);
    writeSafetensors(path, original, { format: "pt" });
    const whole = readFileSync(path);
    const edit = fc.record({
      at: fc.nat(whole.length - 1),
      bytes: fc.uint8Array({ maxLength: 4 }),
      removed: fc.nat(4),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let bytes: Buffer = Buffer.from(whole);
        for (const { at, bytes: inserted, removed } of edits) {
          bytes = Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
        }
        writeFileSync(path, bytes);
        try {
          const file = readSafetensorsHeader(path);
          const end = Math.max(0, ...[...file.tensors.values()].map(({ offset, length }) => offset + length));
          if (file.tensors.size > 0) expect(end).toBe(bytes.length);
          for (const key of file.tensors.keys()) readTensorValues(file, key);
        } catch (error) {
          expect(BloraError.isInstance(error), String(error)).toBe(true);
        }
      }),
      { numRuns: 800 },
    );
  });
});

describe("16-bit floats", () => {
  it("survive widening and narrowing unchanged, all of them", () => {
    const words = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const isNaN16 = (bits: number, infinity: number): boolean => (bits & 0x7fff) > infinity;
    const half = narrowFloat16(widenFloat16(words));
    const brain = narrowBfloat16(widenBfloat16(words));
    const isKept = (bits: number, kept: number, infinity: number): boolean =>
      isNaN16(bits, infinity) ? isNaN16(kept, infinity) : kept === bits;
    expect([...words].filter((bits) => !isKept(bits, half[bits]!, 0x7c00))).toEqual([]);
    expect([...words].filter((bits) => !isKept(bits, brain[bits]!, 0x7f80))).toEqual([]);
  });

  it("take the nearest value, and the even one of two", () => {
    const nearest = (value: number, widened: Float32Array): void => {
      const error = Math.abs(widened[0]! - value);
      expect(Number.isFinite(widened[0]!)).toBe(true);
      expect(error).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
    };
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        nearest(value, widenFloat16(narrowFloat16(new Float32Array([value]))));
      }),
    );
    const halves = new Float32Array([2049, 2051, 65519, 65520, 2 ** -25, 3 * 2 ** -25, 2 ** -26]);
    expect([...widenFloat16(narrowFloat16(halves))]).toEqual([
      2048,
      2052,
      65504,
      Number.POSITIVE_INFINITY,
      0,
      2 ** -23,
      0,
    ]);
    const brains = new Float32Array([1 + 2 ** -8, 1 + 3 * 2 ** -8, -(1 + 2 ** -8 + 2 ** -20), 3.4e38, 3.39e38]);
    expect([...widenBfloat16(narrowBfloat16(brains))]).toEqual([
      1,
      1 + 2 ** -6,
      -(1 + 2 ** -7),
      Number.POSITIVE_INFINITY,
      255 * 2 ** 120,
    ]);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalValues, permutation, randomWords, uniformValues } from "../src/index.ts";
import { philox4x32 } from "../src/philox.ts";

const address = { seed: 42, step: 3, path: "encoder.layer.0/rank" };

// The words are those of an independent implementation of the generator and the path hash in Python.
const WORDS = [830377769, 3778560485, 4204329559, 4229114176, 301881295];
const UNIFORMS = [0.19333741068840027, 0.8797646760940552, 0.9788967370986938];
const NORMALS = [1.3197169303894043, -1.242973804473877, 0.20558102428913116];
const PERMUTATION = [4, 1, 2, 3, 5, 0, 6, 7];

const addresses = fc.record({
  seed: fc.nat(2 ** 32 - 1),
  step: fc.nat(10 ** 6),
  path: fc.string({ maxLength: 40 }),
});

describe("philox4x32-10", () => {
  // Known answers published with Random123, the authors' own library.
  test.each([
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ] as const)("of counter %s and key %s is what its authors publish", (counter, key, words) => {
    const out = new Uint32Array(4);
    philox4x32(counter, key, out);
    expect([...out].map((word) => word.toString(16).padStart(8, "0")).join(" ")).toBe(words);
  });

  test("writes at an offset and nowhere else", () => {
    const out = new Uint32Array(6).fill(7);
    philox4x32([0, 0, 0, 0], [0, 0], out, 1);
    expect([out[0], out[1], out[4], out[5]]).toEqual([7, 0x6627e8d5, 0x9b00dbd8, 7]);
  });
});

describe("noise", () => {
  test("of one address never changes", () => {
    expect([...randomWords(address, 5)]).toEqual(WORDS);
    expect([...uniformValues(address, 3)]).toEqual(UNIFORMS);
    expect([...normalValues(address, 3)]).toEqual(NORMALS);
    expect([...permutation(address, 8)]).toEqual(PERMUTATION);
  });

  test("differs where seed, step or path differ", () => {
    const others = [
      { ...address, seed: 43 },
      { ...address, step: 4 },
      { ...address, path: "encoder.layer.1/rank" },
    ];
    const draws = [address, ...others].map((other) => randomWords(other, 4).join());
    expect(new Set(draws).size).toBe(4);
  });

  test("of a shorter draw is the beginning of a longer one", () => {
    fc.assert(
      fc.property(addresses, fc.nat(30), fc.nat(30), (address, size, more) => {
        const long = uniformValues(address, size + more);
        expect(uniformValues(address, size)).toEqual(long.slice(0, size));
      }),
    );
  });
});

describe("uniform values", () => {
  test("lie strictly between 0 and 1, so that log u and log(1 - u) are finite in float32", () => {
    const values = uniformValues(address, 200_000);
    const finite = values.every(
      (u) => Number.isFinite(Math.fround(Math.log(u))) && Number.isFinite(Math.fround(Math.log(Math.fround(1 - u)))),
    );
    expect(finite).toBe(true);
  });

  test("are uniform: every hundredth of (0, 1) gets its share, and neighbours are uncorrelated", () => {
    const size = 100_000;
    const values = uniformValues(address, size);
    const counts = new Array<number>(100).fill(0);
    for (const u of values) counts[Math.floor(u * 100)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - size / 100) ** 2 / (size / 100), 0);
    // 99 degrees of freedom: 148 is exceeded once in 1,000.
    expect(chiSquare).toBeLessThan(148);
    let correlation = 0;
    for (let index = 1; index < size; index++) correlation += (values[index]! - 0.5) * (values[index - 1]! - 0.5) * 12;
    expect(Math.abs(correlation / size)).toBeLessThan(4 / Math.sqrt(size));
  });
});

describe("normal values", () => {
  test("have the moments of a normal distribution and scale with its deviation", () => {
    const size = 100_001;
    const values = normalValues(address, size, 2);
    expect(values.length).toBe(size);
    const moment = (power: number) => values.reduce((sum, value) => sum + (value / 2) ** power, 0) / size;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(size));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / size));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / size));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / size));
  });
});

describe("permutations", () => {
  test("hold every index once", () => {
    fc.assert(
      fc.property(addresses, fc.nat(200), (address, size) => {
        const sorted = [...permutation(address, size)].sort((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length: size }, (_, index) => index));
      }),
    );
  });

  test("are all equally likely", () => {
    const counts = new Map<string, number>();
    for (let step = 0; step < 6000; step++) {
      const order = permutation({ seed: 1, step, path: "order" }, 3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 5 degrees of freedom: 20.5 is exceeded once in 1,000.
    expect(chiSquare).toBeLessThan(20.5);
  });
});

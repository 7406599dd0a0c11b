import { expect, test } from "vitest";
import { dropoutMaskValues, dropoutPlan } from "../src/index.ts";

const address = { seed: 42, step: 3, path: "encoder.layer.0/dropout" };
const dropped = (values: Float32Array): boolean[] => [...values].map((value) => value === 0);

test("shares are kept to 1/1024, and their mean is kept exactly", () => {
  // 922 of 1,024: 0b1110011010 without its last digit, the last first.
  expect(dropoutPlan(64, 0.1).digits.map(Number)).toEqual([1, 0, 1, 1, 0, 0, 1, 1, 1]);
  expect(dropoutPlan(64, 0.1).scale).toBe(1024 / 922);
  expect(dropoutPlan(64, 0.5).digits).toEqual([true]);
  expect(dropoutPlan(65, 0.5).words).toBe(3);
  expect(dropoutPlan(64, 0).digits).toEqual([]);
  expect(dropoutMaskValues(address, 3, 0)).toEqual(Float32Array.of(1, 1, 1));
});

// The bits are those of an independent implementation of the hash and of its digits in Python.
test.each([
  [0.5, "0101101100110000010010100000001000011000"],
  [0.25, "0001000100010000010010000000000000011000"],
])("what is dropped with %f is pinned", (probability, expected) => {
  const mask = dropoutMaskValues(address, 40, probability);
  expect(dropped(mask).map(Number).join("")).toBe(expected);
  const kept = new Set(mask.filter((value) => value !== 0));
  expect([...kept]).toEqual([Math.fround(1 / (1 - probability))]);
});

test.each([0.05, 0.1, 0.5])("drops a share of %f, alike in every place, and no two places together", (share) => {
  const size = 2 ** 15;
  const masks = [
    dropoutMaskValues(address, size, share),
    dropoutMaskValues({ ...address, step: 4 }, size, share),
    dropoutMaskValues({ ...address, path: "encoder.layer.1/dropout" }, size, share),
    dropoutMaskValues({ ...address, seed: 43 }, size, share),
  ].map((mask) => dropped(mask).map(Number));
  // Four standard deviations of a mean of independent draws; of a product of two centred ones likewise.
  const near = 4 * Math.sqrt((share * (1 - share)) / size);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const exact = Math.round(1024 * share) / 1024;
  const centred = masks.map((mask) => mask.map((value) => value - exact));
  for (const mask of masks) expect(Math.abs(mean(mask) - exact)).toBeLessThan(near);
  for (const distance of [1, 2, 31, 32, 64, 768, 1024, 1025, size / 2]) {
    const product = centred[0]!.map((value, index) => value * centred[0]![(index + distance) % size]!);
    expect(Math.abs(mean(product))).toBeLessThan((4 * share * (1 - share)) / Math.sqrt(size));
  }
  for (const other of centred.slice(1)) {
    const product = centred[0]!.map((value, index) => value * other[index]!);
    expect(Math.abs(mean(product))).toBeLessThan((4 * share * (1 - share)) / Math.sqrt(size));
  }
});

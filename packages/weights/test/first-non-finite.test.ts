import { expect, test } from "vitest";
import { encodeFloats, firstNonFinite } from "../src/index.ts";

const bytesOf = (type: "F32" | "F16" | "BF16", ...values: number[]) => encodeFloats(Float32Array.from(values), type);

test.each(["F32", "F16", "BF16"] as const)("finds the first value of %s that is none", (type) => {
  expect(firstNonFinite(bytesOf(type, 1, Number.NaN, Infinity), type)).toEqual({ index: 1, value: "NaN" });
  expect(firstNonFinite(bytesOf(type, 0, -1, -Infinity), type)).toEqual({ index: 2, value: "Infinity" });
  expect(firstNonFinite(bytesOf(type, -0, 6e-5, -65504, 0), type)).toBeUndefined();
  expect(firstNonFinite(bytesOf(type), type)).toBeUndefined();
});

test("finds what became infinite because it did not fit", () => {
  expect(firstNonFinite(bytesOf("F16", 65504, 65520), "F16")).toEqual({ index: 1, value: "Infinity" });
  expect(firstNonFinite(bytesOf("BF16", 65520, 3.4e38), "BF16")).toEqual({ index: 1, value: "Infinity" });
});

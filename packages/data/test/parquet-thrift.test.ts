import { expect, test } from "vitest";
import { walkThrift } from "../src/parquet-thrift.ts";

const walk = (...bytes: number[]) => walkThrift(new DataView(Uint8Array.from(bytes).buffer), 0);

test("keeps numbers and truth values by their fields, those of structures too, and ends where the structure does", () => {
  // 1: i32 -2; 3: { 1: i16 64, 2: true }; 5: a text; 6: i64 1; 7: double; then one byte that is not part of it.
  const bytes = [0x15, 3, 0x2c, 0x14, 0x80, 1, 0x11, 0, 0x28, 2, 0x1b, 0x1b, 0x16, 2, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const { numbers, end } = walk(...bytes, 99);
  expect([...numbers]).toEqual([
    ["1", -2],
    ["3.1", 64],
    ["3.2", 1],
  ]);
  expect(end).toBe(bytes.length);
});

test("takes fields whose number stands in full, and leaves numbers of lists out", () => {
  // 20: i32 1; 21: list of two truth values; 22: list of i32 5; 23: i32 2
  expect([...walk(0x05, 40, 2, 0x19, 0x21, 1, 2, 0x19, 0x15, 10, 0x15, 4, 0).numbers]).toEqual([
    ["20", 1],
    ["23", 2],
  ]);
});

test.each([
  [
    "a list",
    [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7],
    "Expected at most 0 elements in as many bytes, found 2147483647.",
  ],
  ["a text", [0x18, 4, 97], "Expected at most 1 elements in as many bytes, found 4."],
  ["a number", [0x15, 0x80, 0x80, 0x80, 0x80, 0x80, 1], "Expected a number of at most 5 bytes."],
  ["a type", [0x1b, 0], "Expected a type of parquet, found 11."],
])("refuses %s that is longer than the bytes, or that parquet has not", (_, bytes, message) => {
  expect(() => walk(...bytes)).toThrow(new RangeError(message));
});

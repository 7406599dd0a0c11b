import { parquetSchema } from "hyparquet";
import { expect, test } from "vitest";
import { longestRun, packedColumn } from "../src/parquet-runs.ts";

const VALUES = 4;
/** A run of five (2 · 5) of the number 3. */
const RUN = [10, 3];
/** Eight numbers of two bits. */
const SINGLE = [3, 0b11100100, 0b11100100];
const lengthOf = (bytes: readonly number[]): number[] => [bytes.length, 0, 0, 0];

function longest(numbers: Readonly<Record<string, number>>, bytes: readonly number[], path: readonly string[]): number {
  const schema = parquetSchema({
    schema: [
      { name: "root", num_children: 3 },
      { name: "all", type: "INT32", repetition_type: "REQUIRED" },
      { name: "some", type: "BOOLEAN", repetition_type: "OPTIONAL" },
      { name: "list", num_children: 1, repetition_type: "OPTIONAL" },
      { name: "item", type: "INT32", repetition_type: "REPEATED" },
    ],
  } as unknown as Parameters<typeof parquetSchema>[0]);
  const type = path[0] === "some" ? "BOOLEAN" : "INT32";
  const meta = { codec: "GZIP", type, path_in_schema: path } as unknown as Parameters<typeof packedColumn>[1];
  // Packed bytes are the bytes without their last.
  const column = packedColumn(schema, meta, { GZIP: (packed) => packed.subarray(0, -1) })!;
  return longestRun({ numbers: new Map(Object.entries(numbers)), bytes: Uint8Array.from([...bytes, 99]) }, column);
}

test("finds the longest run of places in a dictionary, and passes single numbers over", () => {
  for (const encoding of [2, 8]) {
    expect(longest({ "5.1": VALUES, "5.2": encoding }, [2, ...RUN], ["all"])).toBe(5);
    expect(longest({ "5.1": 2 * VALUES, "5.2": encoding }, [2, ...SINGLE, 200, 1, 3], ["all"])).toBe(0);
    expect(longest({ "5.1": 3 * VALUES, "5.2": encoding }, [2, ...SINGLE, 200, 1, 3], ["all"])).toBe(100);
  }
  expect(longest({ "5.1": VALUES, "5.2": 8 }, [0], ["all"])).toBe(0);
  expect(longest({ "5.1": VALUES, "5.2": 0 }, [2, ...RUN], ["all"])).toBe(0);
});

test("finds those of levels and of truth values, each with its length in front", () => {
  const levels = [...lengthOf([4, 1]), 4, 1];
  expect(longest({ "5.1": VALUES, "5.2": 0 }, [...lengthOf(RUN), ...RUN], ["some"])).toBe(5);
  expect(longest({ "5.1": VALUES, "5.2": 3 }, [...levels, ...lengthOf([12, 1]), 12, 1], ["some"])).toBe(6);
  expect(longest({ "5.1": VALUES, "5.2": 0 }, [...levels, ...lengthOf(RUN), ...RUN, 16, 1], ["list", "item"])).toBe(5);
});

test("finds those of pages of version 2, whose levels are not packed", () => {
  const page = { "8.1": VALUES, "8.4": 8, "8.5": 2, "8.6": 3 };
  const repetitions = [0x84, 0x02, 1];
  expect(longest({ ...page, "8.7": 1 }, [...repetitions, ...RUN, 2, 8, 1], ["list", "item"])).toBe(130);
  expect(longest({ ...page, "8.6": 0 }, [...RUN, 2, 200, 1, 1], ["some"])).toBe(100);
  expect(longest({ ...page, "8.6": 0, "8.5": 0 }, [2, 14, 1], ["all"])).toBe(7);
  expect(longest({ ...page, "8.6": 0, "8.5": 0, "8.7": 0 }, [7, 14], ["all"])).toBe(7);
  expect(longest({ ...page, "8.4": 3, "8.6": 0 }, [2, 1, ...lengthOf([18, 1]), 18, 1], ["some"])).toBe(9);
});

test("looks into no dictionary, and no column whose packing the reader does not know", () => {
  expect(longest({ "7.1": VALUES, "7.2": 2 }, [2, ...RUN], ["all"])).toBe(0);
  const meta = { codec: "LZO", type: "INT32", path_in_schema: ["all"] } as unknown as Parameters<
    typeof packedColumn
  >[1];
  expect(packedColumn({ children: [] } as unknown as Parameters<typeof packedColumn>[0], meta, {})).toBeUndefined();
});

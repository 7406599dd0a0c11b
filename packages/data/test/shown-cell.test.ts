import { expect, test } from "vitest";
import { parseTable, requireColumn, shownCell, shownNames } from "../src/index.ts";

test.each([
  [undefined, "nothing"],
  [null, "nothing"],
  ["a", '"a"'],
  [5n, "5"],
  [{ a: [1n, null] }, '{"a":[1,null]}'],
  [new Uint8Array(3), "3 bytes that are no UTF-8 text"],
  ["x".repeat(200), `"${"x".repeat(119)}…`],
])("a cell is shown whatever it holds, and never at length", (cell, shown) => {
  expect(shownCell(cell)).toBe(shown);
});

test("an empty file has no columns to be named", () => {
  expect(() => requireColumn(parseTable("e.csv", ""), ["text"], "text")).toThrow(
    "e.csv: expected a text column named text, found an empty file.",
  );
});

test("names are listed, but neither thousands of them nor a whole text", () => {
  expect(shownNames(["a", "b"])).toBe("a, b");
  const numbers = Array.from({ length: 1000 }, (_, index) => String(index));
  expect(shownNames(numbers)).toBe(`${numbers.slice(0, 24).join(", ")} and 976 more`);
  expect(shownNames(["x".repeat(200), "b"])).toBe(`${"x".repeat(80)}…, b`);
});

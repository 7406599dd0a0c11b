import { expect, test } from "vitest";
import { markdownTable } from "../src/index.ts";

test("a table keeps its columns whatever its cells hold", () => {
  expect(
    markdownTable(
      ["a|b", "n"],
      [
        ["x\ny", 1],
        ["", "|"],
      ],
      1,
    ),
  ).toBe(["| a\\|b | n |", "| --- | ---: |", "| x y | 1 |", "|  | \\| |"].join("\n"));
  expect(markdownTable(["a", "b"], [])).toBe("| a | b |\n| --- | --- |");
});

test.each([
  // Read by GitHub's Markdown: a backslash, a pipe; a tag as text.
  ["a\\|b", "a\\\\\\|b"],
  ["<none>", "\\<none>"],
  ["x<5, a<b", "x<5, a\\<b"],
  ["C:\\data", "C:\\data"],
  ["one\rtwo", "one two"],
])("the cell %j is %j", (cell, written) => {
  expect(markdownTable([cell], []).split("\n")[0]).toBe(`| ${written} |`);
});

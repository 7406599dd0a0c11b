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

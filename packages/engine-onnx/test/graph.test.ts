import { expect, test } from "vitest";
import { createGraphBuilder } from "../src/graph/graph.ts";

test("outputs are written last made first, and listed in their own order", () => {
  const builder = createGraphBuilder();
  const x = builder.input("x", [2], "float32");
  const [early, late] = ["Exp", "Abs"].map((operator) => builder.node(operator, [x.name], [2], "float32"));
  const { nodes, outputs } = builder.finish({ early: early!, late: late!, given: x });
  expect(nodes.slice(2).map((node) => node.outputs)).toEqual([["late"], ["early"], ["given"]]);
  expect(outputs.map(({ name }) => name)).toEqual(["early", "late", "given"]);
});

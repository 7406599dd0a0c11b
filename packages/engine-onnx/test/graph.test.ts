import { expect, test } from "vitest";
import { createGraphBuilder } from "../src/graph/graph-builder.ts";

test("outputs are named in the order they are made, and listed in their own", () => {
  const builder = createGraphBuilder();
  const x = builder.input("x", [2], "float32");
  const [early, late] = ["Exp", "Abs"].map((operator) => builder.node(operator, [x.name], [2], "float32"));
  const { nodes, outputs } = builder.finish({ early: early!, late: late!, given: x });
  expect(nodes.slice(2).map((node) => node.outputs)).toEqual([["given"], ["early"], ["late"]]);
  expect(outputs.map(({ name }) => name)).toEqual(["early", "late", "given"]);
});

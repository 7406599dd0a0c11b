import { expect, test } from "vitest";
import { bitsMap } from "../src/run/site-maps.ts";

test("widths of an operand are those that sites hold themselves, whatever it is called", () => {
  const ranks = { "layer.0.query": 2, "layer.1.query": 1 };
  const bits = { "layer.0.query": { toString: [8, 4] }, "layer.1.query": { A: [8] } };
  expect(JSON.stringify(bitsMap({ ranks, bits }, ["toString"]))).toContain(
    '"data":{"values":[{"column":1,"row":0,"value":8},{"column":2,"row":0,"value":4}]}',
  );
});

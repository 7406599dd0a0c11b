import { expect, test, vi } from "vitest";
import { evaluateOnHost, ops, roundStraightThrough } from "../src/index.ts";

test("small computations run on the host without a backend having been chosen, and silently", () => {
  const warnings = vi.spyOn(console, "warn");
  const values = evaluateOnHost(() => ops.mul(roundStraightThrough(ops.tensor([0.4, 1.5, -2.6])), 2));
  expect([...values]).toEqual([0, 4, -6]);
  expect(warnings).not.toHaveBeenCalled();
});

test("the result may be an input, and an error of the computation comes through", () => {
  expect([...evaluateOnHost(() => ops.tensor([1, 2]))]).toEqual([1, 2]);
  expect(() =>
    evaluateOnHost(() => {
      throw new Error("no such width");
    }),
  ).toThrow("no such width");
});

import { expect, test } from "vitest";
import { answerOf } from "../src/index.ts";

const labels = ["x", "y", "z"];
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 12));

test("one class is the likeliest, the first of equal ones, with a softmax that no size breaks", () => {
  const head = { kind: "classification", labels } as const;
  const total = Math.exp(2) + Math.exp(1) + 1;
  expect(answerOf(head, [1, 2, 0])).toEqual({
    chosen: [1],
    probabilities: close([Math.exp(1) / total, Math.exp(2) / total, 1 / total]),
  });
  expect(answerOf({ ...head, kind: "token-classification" }, Float32Array.of(800, 800, -800))).toEqual({
    chosen: [0],
    probabilities: [0.5, 0.5, 0],
  });
});

test("of several classes each has a probability of its own, and holds above one half", () => {
  const head = { kind: "classification", labels, several: true } as const;
  expect(answerOf(head, [2, -2, 0])).toEqual({
    chosen: [0],
    probabilities: close([0.8807970779778823, 0.11920292202211755, 0.5]),
  });
  expect(answerOf(head, [-1000, -1, 1000])).toEqual({ chosen: [2], probabilities: close([0, 0.2689414213699951, 1]) });
  expect(answerOf(head, [-1, -1, -1]).chosen).toEqual([]);
});

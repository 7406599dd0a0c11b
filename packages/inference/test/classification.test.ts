import { expect, test } from "vitest";
import { classificationOf } from "../src/classification.ts";

const labels = ["x", "y", "z"];

test("the likeliest of several classes is named though none holds", () => {
  const head = { kind: "classification", labels, several: true } as const;
  const none = classificationOf(head, [-3, -1, -2]);
  expect([none.label, none.labels, none.score]).toEqual(["y", [], expect.closeTo(0.2689414213699951, 12)]);
  const two = classificationOf(head, Float32Array.of(3, -1, 2));
  expect([two.label, two.labels, two.scores.z]).toEqual(["x", ["x", "z"], expect.closeTo(0.8807970779778823, 12)]);
});

test("of one class it is the one, of a word too", () => {
  const { label, labels: held, score, scores } = classificationOf({ kind: "token-classification", labels }, [0, 0, 1]);
  expect([label, held, score]).toEqual(["z", ["z"], scores.z]);
  expect(scores.z).toBeCloseTo(Math.E / (Math.E + 2), 12);
});

import { pearson } from "@blora/metrics";
import { describe, expect, test } from "vitest";
import { glue } from "../src/index.ts";

describe("scores of a task", () => {
  test("MRPC reports accuracy, F1 and their mean", () => {
    const logits = Float32Array.of(0, 1, 1, 0, 0, 1, 0, 1);
    expect(glue({ task: "mrpc" }).score(logits, [1, 0, 0, 1])).toEqual({
      accuracy: 0.75,
      f1: 0.8,
      combined_score: 0.775,
    });
  });

  test("STS-B scores raw outputs without clipping", () => {
    const scores = glue({ task: "stsb" }).score(Float32Array.of(-1, 0, 7, 9), [0, 1, 3, 5]);
    expect(scores.pearson).toBeCloseTo(pearson([-1, 0, 7, 9], [0, 1, 3, 5]), 12);
    expect(scores.spearmanr).toBeCloseTo(1, 12);
  });

  test("a correlation with a constant is undefined, of answers and of labels", () => {
    const undefinedScores = { pearson: Number.NaN, spearmanr: Number.NaN, combined_score: Number.NaN };
    expect(glue({ task: "stsb" }).score(Float32Array.of(0.1, 0.1, 0.1), [1, 2, 3])).toEqual(undefinedScores);
    expect(glue({ task: "stsb" }).score(Float32Array.of(0.1, 0.2, 0.3), [2, 2, 2])).toEqual(undefinedScores);
    expect(glue({ task: "stsb" }).score(Float32Array.of(4), [4])).toEqual(undefinedScores);
    expect(glue({ task: "stsb" }).majority([1, 2, 5])).toEqual(undefinedScores);
  });

  test("the majority baseline gives the most frequent label", () => {
    expect(glue({ task: "rte" }).majority([1, 0, 0])).toEqual({ accuracy: 2 / 3 });
    expect(glue({ task: "cola" }).majority([1, 0, 0])).toEqual({ matthews_correlation: 0 });
  });

  test("nothing to score and sizes that differ are refused", () => {
    expect(() => glue({ task: "cola" }).score(new Float32Array(0), [])).toThrow(/Test splits have no labels/);
    expect(() => glue({ task: "mnli" }).score(new Float32Array(4), [0, 1])).toThrow(
      "Expected 3 logits for each of 2 labels, found 4",
    );
  });
});

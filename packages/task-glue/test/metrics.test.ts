import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accuracy, averageRanks, f1, glue, matthewsCorrelation, pearson, spearman } from "../src/index.ts";
import { argmaxRows } from "../src/metrics.ts";

/** Labels and predictions with the given confusion counts. */
function confusion(tp: number, tn: number, fp: number, fn: number): [predictions: number[], labels: number[]] {
  const repeat = (count: number, value: number) => new Array<number>(count).fill(value);
  return [
    [...repeat(tp, 1), ...repeat(tn, 0), ...repeat(fp, 1), ...repeat(fn, 0)],
    [...repeat(tp, 1), ...repeat(tn, 0), ...repeat(fp, 0), ...repeat(fn, 1)],
  ];
}

describe("classification metrics", () => {
  test("equal values worked out by hand", () => {
    const [predictions, labels] = confusion(4, 3, 1, 2);
    expect(accuracy(predictions, labels)).toBeCloseTo(0.7, 12);
    expect(f1(predictions, labels)).toBeCloseTo(8 / 11, 12);
    expect(matthewsCorrelation(predictions, labels)).toBeCloseTo(10 / Math.sqrt(600), 12);
  });

  test("MCC is 0 where a margin is empty, even for perfect answers", () => {
    expect(matthewsCorrelation(...confusion(0, 5, 0, 3))).toBe(0);
    expect(matthewsCorrelation(...confusion(5, 0, 0, 0))).toBe(0);
  });

  test("MCC multiplies counts beyond 2^53 exactly", () => {
    expect(matthewsCorrelation(...confusion(200_000, 200_000, 100_000, 100_000))).toBeCloseTo(1 / 3, 12);
  });

  test("MCC of three classes follows Gorodkin", () => {
    expect(matthewsCorrelation([0, 1, 1, 0, 2, 2], [0, 1, 2, 0, 1, 2])).toBeCloseTo(0.5, 12);
  });

  test("F1 is 0 where class 1 occurs nowhere", () => {
    expect(f1(...confusion(0, 4, 0, 0))).toBe(0);
  });

  test("two-class MCC equals the correlation of the two 0/1 vectors", () => {
    const bits = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 })), { minLength: 2 });
    fc.assert(
      fc.property(bits, (pairs) => {
        const predictions = pairs.map(([a]) => a);
        const labels = pairs.map(([, b]) => b);
        const expected = pearson(predictions, labels);
        expect(matthewsCorrelation(predictions, labels)).toBeCloseTo(Number.isNaN(expected) ? 0 : expected, 9);
      }),
    );
  });

  test("ties of logits go to the lowest class", () => {
    expect(argmaxRows(Float32Array.of(1, 1, 0, 0, 2, 2), 3)).toEqual([0, 1]);
  });
});

describe("correlations", () => {
  test("equal values worked out by hand", () => {
    expect(pearson([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(0.8, 12);
    expect(averageRanks([10, 20, 20, 5])).toEqual([2, 3.5, 3.5, 1]);
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 · 5).
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  });

  test("a constant has no correlation, and the report shows 0", () => {
    expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
    const scores = glue({ task: "stsb" }).score(Float32Array.of(0.1, 0.1, 0.1), [1, 2, 3]);
    expect(scores).toEqual({ pearson: 0, spearmanr: 0, combined_score: 0 });
  });

  test("a prediction that is not a number stays visible", () => {
    expect(glue({ task: "stsb" }).score(Float32Array.of(Number.NaN, 1, 2), [1, 2, 3]).pearson).toBeNaN();
  });

  test("spearman survives any increasing change of its input", () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), {
      minLength: 3,
    });
    fc.assert(
      fc.property(pairs, (rows) => {
        const [x, y] = [rows.map(([a]) => a), rows.map(([, b]) => b)];
        const before = spearman(x, y);
        const after = spearman(
          x.map((value) => value ** 3 + 7),
          y,
        );
        expect(after).toEqual(before);
      }),
    );
  });
});

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

  test("the majority baseline gives the most frequent label", () => {
    expect(glue({ task: "rte" }).majority([1, 0, 0])).toEqual({ accuracy: 2 / 3 });
    expect(glue({ task: "cola" }).majority([1, 0, 0])).toEqual({ matthews_correlation: 0 });
    expect(glue({ task: "stsb" }).majority([1, 2, 5])).toEqual({ pearson: 0, spearmanr: 0, combined_score: 0 });
  });

  test("nothing to score and sizes that differ are refused", () => {
    expect(() => glue({ task: "cola" }).score(new Float32Array(0), [])).toThrow(/Test splits have no labels/);
    expect(() => glue({ task: "mnli" }).score(new Float32Array(4), [0, 1])).toThrow(
      "Expected 3 logits for each of 2 labels, found 4",
    );
  });
});

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  accuracy,
  argmaxRows,
  averageRanks,
  type ClassScores,
  classScores,
  confusionMatrix,
  entitiesOf,
  entityScores,
  f1,
  labelCounts,
  macroF1,
  macroF1OfLabels,
  matthewsCorrelation,
  microF1OfLabels,
  mostFrequent,
  pearson,
  ratesOf,
  rootMeanSquaredError,
  spearman,
  subsetAccuracy,
} from "../src/index.ts";

/** Made by fixtures/metrics/make.py with scikit-learn, SciPy and seqeval. */
interface Golden {
  readonly classification: readonly {
    readonly labels: readonly number[];
    readonly predictions: readonly number[];
    readonly classes: number;
    readonly accuracy: number;
    readonly macroF1: number;
    readonly matthews: number;
    readonly confusion: readonly (readonly number[])[];
    readonly scores: readonly ClassScores[];
  }[];
  readonly regression: readonly {
    readonly targets: readonly number[];
    readonly predictions: readonly number[];
    readonly pearson: number;
    readonly spearman: number;
    readonly rmse: number;
  }[];
  readonly entities: readonly {
    readonly labels: readonly (readonly string[])[];
    readonly predictions: readonly (readonly string[])[];
    readonly entities: readonly (readonly (readonly [string, number, number])[])[];
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly types: Readonly<Record<string, ClassScores>>;
  }[];
  readonly several: readonly {
    readonly labels: readonly (readonly number[])[];
    readonly predictions: readonly (readonly number[])[];
    readonly microF1: number;
    readonly macroF1: number;
    readonly subsetAccuracy: number;
    readonly scores: readonly ClassScores[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../../fixtures/metrics/golden.json", import.meta.url), "utf8"),
) as Golden;

const expectScores = (found: ClassScores | undefined, expected: ClassScores): void => {
  for (const key of ["precision", "recall", "f1", "support"] as const)
    expect(found?.[key]).toBeCloseTo(expected[key], 12);
};

describe("against the references", () => {
  test.each(golden.classification)("classification of $classes classes", (data) => {
    expect(accuracy(data.predictions, data.labels)).toBeCloseTo(data.accuracy, 12);
    expect(macroF1(data.predictions, data.labels)).toBeCloseTo(data.macroF1, 12);
    expect(matthewsCorrelation(data.predictions, data.labels)).toBeCloseTo(data.matthews, 12);
    const confusion = confusionMatrix(data.predictions, data.labels, data.classes);
    expect(confusion).toEqual(data.confusion);
    for (const [label, scores] of classScores(confusion).entries()) expectScores(scores, data.scores[label]!);
  });

  test.each(golden.regression)("regression", (data) => {
    expect(pearson(data.predictions, data.targets)).toBeCloseTo(data.pearson, 12);
    expect(spearman(data.predictions, data.targets)).toBeCloseTo(data.spearman, 12);
    expect(rootMeanSquaredError(data.predictions, data.targets)).toBeCloseTo(data.rmse, 12);
  });

  test.each(golden.several)("several labels of a row", (data) => {
    const C = data.scores.length;
    const [predictions, labels] = [data.predictions.flat(), data.labels.flat()];
    const counts = labelCounts(predictions, labels, C);
    expect(microF1OfLabels(counts)).toBeCloseTo(data.microF1, 12);
    expect(macroF1OfLabels(counts)).toBeCloseTo(data.macroF1, 12);
    expect(subsetAccuracy(predictions, labels, C)).toBeCloseTo(data.subsetAccuracy, 12);
    for (const [label, { right, found, support }] of counts.entries())
      expectScores(ratesOf(right, found, support), data.scores[label]!);
  });

  test.each(golden.entities)("entities", (data) => {
    for (const [row, tags] of data.labels.entries()) {
      expect(entitiesOf(tags).map(({ type, first, last }) => [type, first, last])).toEqual(data.entities[row]);
    }
    const { all, types } = entityScores(data.predictions, data.labels);
    expect([all.precision, all.recall, all.f1]).toEqual(
      [data.precision, data.recall, data.f1].map((value) => expect.closeTo(value, 12)),
    );
    expect([...types.keys()].sort()).toEqual(Object.keys(data.types).sort());
    for (const [type, expected] of Object.entries(data.types)) expectScores(types.get(type), expected);
  });
});

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

  test("labels that are never found or there count 0 in the mean, nothing in all together", () => {
    const counts = labelCounts([1, 0, 0, 1, 0, 0], [1, 0, 0, 1, 0, 1], 3);
    expect(counts.map(({ right, found, support }) => [right, found, support])).toEqual([
      [2, 2, 2],
      [0, 0, 0],
      [0, 0, 1],
    ]);
    expect([microF1OfLabels(counts), macroF1OfLabels(counts)]).toEqual([0.8, 1 / 3]);
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

  test("ties of logits and of counts go to the lowest class", () => {
    expect(argmaxRows(Float32Array.of(1, 1, 0, 0, 2, 2), 3)).toEqual([0, 1]);
    expect([[2, 1, 1], [2, 1], [3]].map(mostFrequent)).toEqual([1, 1, 3]);
  });
});

describe("correlations", () => {
  test("equal values worked out by hand", () => {
    expect(pearson([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(0.8, 12);
    expect(averageRanks([10, 20, 20, 5])).toEqual([2, 3.5, 3.5, 1]);
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 · 5).
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  });

  test("a constant has no correlation", () => {
    expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
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

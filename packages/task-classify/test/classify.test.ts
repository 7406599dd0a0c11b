import { join } from "node:path";
import { ops } from "@blora/tensor";
import { testTask, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { type ClassifyOptions, classify, understandData } from "../src/index.ts";
import { dataFolder } from "./folder.ts";

const REVIEWS = ["review,stars", "Good,5", "Bad,1", "Fine,3", "Great,5", "Poor,1", "Fair,3"];
const PRICES = ["description,price", "A chair,12.5", "A table,80", "A lamp,20.25", "A bed,310"];
const TOPICS = ["text,topics", "a,1|3", "b,5", "c,3", "d,[]", "e,1", "f,5|1"];
const folder = dataFolder({ "reviews.csv": REVIEWS, "prices.csv": PRICES, "topics.csv": TOPICS });
const reviews: ClassifyOptions = { kind: "class", labels: ["1", "3", "5"], text: "review", label: "stars" };
const prices: ClassifyOptions = { kind: "number", text: "description", label: "price" };

const topics: ClassifyOptions = { ...reviews, several: true, separator: "|", label: "topics", text: "text" };

describe("several classes", () => testTask(classify(topics), { folder: join(folder, "topics.csv") }));
describe("classes", () => testTask(classify(reviews), { folder: join(folder, "reviews.csv") }));
describe("numbers", () =>
  testTask(classify(prices), { folder: join(folder, "prices.csv"), perfectScore: { rmse: 0 } }));

describe("class weights", () => {
  useCpuBackend();

  test("weigh the loss of each row by its class", () => {
    const logits = ops.tensor([0, 0, 0, 2, 1, 0], [2, 3]);
    const labels = ops.tensor([2, 0], [2], "int32");
    const plain = Array.from(valuesOf(classify(reviews).loss(logits, labels)));
    const weighed = Array.from(
      valuesOf(classify({ ...reviews, classWeights: { "1": 0.5, "5": 3 } }).loss(logits, labels)),
    );
    const logSum = Math.log(Math.exp(2) + Math.exp(1) + 1);
    expect(plain).toEqual([Math.log(3), logSum - 2].map((loss) => expect.closeTo(loss, 6)));
    expect(weighed).toEqual([3 * Math.log(3), 0.5 * (logSum - 2)].map((loss) => expect.closeTo(loss, 6)));
  });
});

describe("the loss of several classes", () => {
  useCpuBackend();

  // As torch.nn.functional.binary_cross_entropy_with_logits(…, reduction="none").mean(1) of PyTorch.
  test.each<[string, ClassifyOptions["classWeights"], readonly number[]]>([
    ["without weights", undefined, [0.3047555983066559, 0.2895542085170746]],
    ["with weights as pos_weight", { "1": 2, "3": 0.5, "5": 3 }, [0.5473999381065369, 0.28145632147789]],
  ])("%s", (_, classWeights, expected) => {
    const logits = ops.tensor([0.5, -1, 2, 0, 3, -2], [2, 3]);
    const flags = ops.tensor([1, 0, 1, 0, 1, 0], [2, 3]);
    const found = Array.from(valuesOf(classify({ ...topics, classWeights }).loss(logits, flags)));
    expect(found).toEqual(expected.map((loss) => expect.closeTo(loss, 6)));
  });

  test("counts a class by its own name alone, whatever objects have", () => {
    const odd = classify({ ...topics, labels: ["constructor", "b"], classWeights: { b: 3 } });
    const [loss] = Array.from(valuesOf(odd.loss(ops.tensor([0, 0], [1, 2]), ops.tensor([1, 1], [1, 2]))));
    expect(loss).toBeCloseTo(2 * Math.LN2, 6);
  });

  test("stays finite where a logit is far off", () => {
    const logits = ops.tensor([-200, 200, 0], [1, 3]);
    const task = classify({ ...topics, classWeights: { "1": 2 } });
    const [loss] = Array.from(valuesOf(task.loss(logits, ops.tensor([1, 0, 0], [1, 3]))));
    expect(loss).toBeCloseTo((400 + 200 + Math.LN2) / 3, 4);
  });
});

test("scores of several classes, as scikit-learn has them", () => {
  const labels = [1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0];
  const answers = [1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
  const logits = Float32Array.from(answers, (answer) => (answer === 1 ? 0.3 : -0.3));
  expect(classify(topics).score(logits, labels)).toEqual({
    micro_f1: expect.closeTo(0.6, 12),
    macro_f1: expect.closeTo(0.48888888888888893, 12),
    subset_accuracy: expect.closeTo(0.2, 12),
  });
  expect(classify(topics).majority([1, 0, 1, 1, 0, 1, 0, 1, 0])).toEqual({
    micro_f1: expect.closeTo(0.7272727272727273, 12),
    macro_f1: expect.closeTo(0.5333333333333333, 12),
    subset_accuracy: expect.closeTo(2 / 3, 12),
  });
});

describe("options", () => {
  test.each<[Partial<ClassifyOptions>, string]>([
    [{ labels: undefined }, "expected the names of the classes, found none"],
    [{ labels: ["a", "a"] }, "expected each class once"],
    [{ labels: ["a"] }, "expected at least two classes, found a"],
    [
      { classWeights: [1] as unknown as "balanced" },
      "expected balanced, or a number above 0 for each class by its name",
    ],
    [{ classWeights: { "1": 0 } }, "classWeights"],
    [{ classWeights: { "1": 2, "4": 1 } }, 'expected weights of the classes 1, 3, 5, found {"1":2,"4":1}'],
    [{ classWeights: "balanced" }, "expected numbers, which understandData makes of balanced and the training rows"],
    [{ kind: "number" }, "numbers have no classes"],
    [{ kind: "number", labels: undefined, several: true }, "several: numbers have no classes"],
    [{ separator: "|" }, "separator: expected several to be true, found that it is not"],
  ])("%j", (change, expected) => {
    expect(() => classify({ ...reviews, ...change })).toThrow(expected);
  });

  test("a key that is none is refused", () => {
    expect(() => classify({ ...reviews, colour: "red" } as ClassifyOptions)).toThrow(/colour/);
  });
});

test("scores of classes and numbers", () => {
  const logits = Float32Array.of(9, 0, 0, 0, 9, 0, 0, 9, 0, 0, 0, 9);
  expect(classify(reviews).score(logits, [0, 1, 2, 2])).toEqual({
    accuracy: 0.75,
    macro_f1: expect.closeTo((1 + 2 / 3 + 2 / 3) / 3, 12),
    matthews_correlation: expect.closeTo(7 / Math.sqrt(100), 12),
  });
  expect(classify(prices).score(Float32Array.of(1, 2, 4), [1, 2, 3])).toEqual({
    pearson: expect.closeTo(0.9819805060619657, 9),
    spearmanr: expect.closeTo(1, 12),
    rmse: expect.closeTo(Math.sqrt(1 / 3), 12),
  });
  expect(classify(prices).majority([1, 3])).toEqual({ pearson: Number.NaN, spearmanr: Number.NaN, rmse: 1 });
  // SciPy: an input array is constant; the correlation coefficient is not defined.
  expect(classify(prices).score(Float32Array.of(1, 2, 4), [2, 2, 2])).toEqual({
    pearson: Number.NaN,
    spearmanr: Number.NaN,
    rmse: expect.closeTo(Math.sqrt(5 / 3), 12),
  });
});

test("what the data say makes the options of the task", async () => {
  const understood = await understandData(join(folder, "reviews.csv"));
  expect(understood.options).toEqual(reviews);
  expect(classify(understood.options).head).toEqual({ kind: "classification", labels: ["1", "3", "5"] });
});

import { join } from "node:path";
import { ops } from "@blora/tensor";
import { testTask, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { type ClassifyOptions, classify, understandData } from "../src/index.ts";
import { dataFolder } from "./folder.ts";

const REVIEWS = ["review,stars", "Good,5", "Bad,1", "Fine,3", "Great,5", "Poor,1", "Fair,3"];
const PRICES = ["description,price", "A chair,12.5", "A table,80", "A lamp,20.25", "A bed,310"];
const folder = dataFolder({ "reviews.csv": REVIEWS, "prices.csv": PRICES });
const reviews: ClassifyOptions = { kind: "class", labels: ["1", "3", "5"], text: "review", label: "stars" };
const prices: ClassifyOptions = { kind: "number", text: "description", label: "price" };

describe("classes", () => testTask(classify(reviews), { folder: join(folder, "reviews.csv") }));
describe("numbers", () =>
  testTask(classify(prices), { folder: join(folder, "prices.csv"), perfectScore: { rmse: 0 } }));

describe("class weights", () => {
  useCpuBackend();

  test("weigh the loss of each row by its class", () => {
    const logits = ops.tensor([0, 0, 0, 2, 1, 0], [2, 3]);
    const labels = ops.tensor([2, 0], [2], "int32");
    const plain = Array.from(valuesOf(classify(reviews).loss(logits, labels)));
    const weighed = Array.from(valuesOf(classify({ ...reviews, classWeights: [0.5, 1, 3] }).loss(logits, labels)));
    const logSum = Math.log(Math.exp(2) + Math.exp(1) + 1);
    expect(plain).toEqual([Math.log(3), logSum - 2].map((loss) => expect.closeTo(loss, 6)));
    expect(weighed).toEqual([3 * Math.log(3), 0.5 * (logSum - 2)].map((loss) => expect.closeTo(loss, 6)));
  });
});

describe("options", () => {
  test.each<[Partial<ClassifyOptions>, string]>([
    [{ labels: undefined }, "expected the names of the classes, found none"],
    [{ labels: ["a", "a"] }, "expected each class once"],
    [{ classWeights: [1] }, "expected one weight for each of 3 classes, found 1"],
    [{ kind: "number" }, "numbers have no classes"],
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
  expect(classify(prices).majority([1, 3])).toEqual({ pearson: 0, spearmanr: 0, rmse: 1 });
});

test("what the data say makes the options of the task", async () => {
  const understood = await understandData(join(folder, "reviews.csv"));
  expect(understood.options).toEqual(reviews);
  expect(classify(understood.options).head).toEqual({ kind: "classification", labels: ["1", "3", "5"] });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ANSWERS_FILE, type AnswersRecord, type RunEvent, type RunSummary } from "@blora/runs";
import { type Example, InvalidInputError, type LabelTask } from "@blora/spec";
import { ops, softmaxCrossEntropy } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { evaluate } from "../src/evaluate.ts";
import { answerCounts } from "../src/objective/answer-counts.ts";
import { labelObjective, tokenObjective } from "../src/objective/label-objective.ts";
import { train } from "../src/train.ts";
import { resultWarnings } from "../src/warnings.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { letterExamples, letterTask, tokenizer } from "./tiny-problem.ts";
import { TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

const isLow = (letter: string): boolean => letter < "g";
const share = (right: readonly boolean[]): number => right.filter(Boolean).length / right.length;

/** Which of two things hold of a text: most of its letters are low, and it is long. */
const severalTask: LabelTask = {
  ...letterTask(),
  name: "several",
  head: { kind: "classification", labels: ["low", "long"], several: true },
  load: async (name) => {
    const examples = letterExamples(name === "train" ? 90 : 40, name).map(({ label, ...example }) => {
      return { ...example, labels: [...(label === 1 ? [0] : []), ...(example.first.length > 10 ? [1] : [])] };
    });
    return { name, examples };
  },
  encode: (example, tokens, maxLength) => {
    const flags = [0, 1].map((label) => (example.labels!.includes(label) ? 1 : 0));
    return { ...letterTask().encode(example, tokens, maxLength), labels: flags };
  },
  // Binary cross entropy of each class, as softplus(z) − y·z.
  loss: (logits, labels) => ops.mean(ops.sub(ops.softplus(logits), ops.mul(labels, logits)), 1),
  score: (logits, labels) => ({ accuracy: share(labels.map((label, index) => logits[index]! > 0 === (label === 1))) }),
  majority: (labels) => ({ accuracy: share(labels.map((label) => label === 1)) }),
};

/** The class of every letter of a text: whether it is low. */
const tokenTask: LabelTask = {
  ...letterTask(),
  name: "tokens",
  head: { kind: "token-classification", labels: ["high", "low"] },
  load: async (name) => ({ name, examples: letterExamples(name === "train" ? 60 : 30, name).map(tagged) }),
  encode: ({ words = [], labels = [] }, tokens, maxLength) => {
    const assembled = tokens.assemble(tokens.encode(words.join("")), undefined, maxLength);
    const kept = assembled.inputIds.length - 2;
    const targets = Array.from({ length: kept }, (_, index) => index + 1);
    return { ...assembled, label: undefined, labels: labels.slice(0, kept), targets };
  },
  loss: (logits, labels) => softmaxCrossEntropy(logits, ops.cast(ops.oneHot(labels, 2), "float32")),
  score: (logits, labels, answers = []) => {
    expect(answers.reduce((sum, count) => sum + count, 0)).toBe(labels.length);
    return {
      accuracy: share(labels.map((label, word) => logits[2 * word + 1]! > logits[2 * word]! === (label === 1))),
    };
  },
  majority: (labels) => ({ accuracy: share(labels.map((label) => label === 1)) }),
};

function tagged({ first, origin }: Example): Example {
  const words = [...first];
  return { first: "", words, labels: words.map((letter) => (isLow(letter) ? 1 : 0)), origin };
}

describe.each([
  ["several classes of one text", severalTask, 1],
  ["a class of every word", tokenTask, 2],
] as const)("%s", (_, task, logitsPerLabel) => {
  test("are learned, and scored from the same logits that their loss is of", async () => {
    const folder = temporaryFolder();
    const args = { ...TINY_ARGUMENTS, numTrainEpochs: 12, learningRate: 0.1 };
    await train(tinyRun(folder, { task, arguments: args }));
    const { splits } = await evaluate({
      ...tinyRun(folder, { task }),
      adapterDirectory: join(folder, "adapter"),
    });
    const { logits, loss, scores, rows } = splits.validation!;
    const { examples } = await task.load("validation", undefined);
    const labels = examples.flatMap((example) => task.encode(example, tokenizer, 24).labels!);
    expect(scores!.accuracy).toBeGreaterThan(0.7);
    expect(rows).toBe(examples.length);
    expect(logits.length / labels.length).toBe(logitsPerLabel);
    const softplus = (z: number): number => Math.log1p(Math.exp(z));
    const sum =
      task === severalTask
        ? labels.reduce((total, label, index) => total + softplus(logits[index]!) - label * logits[index]!, 0)
        : labels.reduce((total, label, word) => {
            const margin = logits[2 * word + (1 - label)]! - logits[2 * word + label]!;
            return total + softplus(margin);
          }, 0);
    // Each class of a text, or each word, weighs the same.
    expect(loss).toBeCloseTo(sum / labels.length, 4);

    const { split, step, answers } = JSON.parse(readFileSync(join(folder, ANSWERS_FILE), "utf8")) as AnswersRecord;
    const summary = readFileSync(join(folder, "summary.json"), "utf8");
    expect([split, step]).toEqual(["validation", (JSON.parse(summary) as RunSummary).metrics.best!.step]);
    expect(answers).toEqual(answerCounts(task.head, logits, labels));
    expect(summary).not.toContain("answers");
  });
});

test("answers are counted by class, by label, and as pairs of numbers", () => {
  const labels = ["x", "y"];
  const logits = Float32Array.of(2, 1, 0, 1, 3, -1, -1, 0.5);
  expect(answerCounts({ kind: "classification", labels }, logits, [0, 0, 0, 1])).toEqual({
    kind: "class",
    labels,
    counts: [
      [0, 0, 2],
      [0, 1, 1],
      [1, 1, 1],
    ],
  });
  const several = { kind: "classification", labels, several: true } as const;
  expect(answerCounts(several, logits, [1, 0, 1, 0, 0, 1, 0, 1])).toEqual({
    kind: "several",
    labels,
    counts: [
      [1, 2, 2],
      [1, 3, 2],
    ],
  });
  const numbers = answerCounts(
    { kind: "regression" },
    Float32Array.from({ length: 1200 }, (_, row) => row / 3),
    [...Array(1200).keys()],
  );
  expect(numbers).toMatchObject({ kind: "number", rows: 1200 });
  const pairs = "pairs" in numbers ? numbers.pairs : [];
  expect([pairs.length, pairs[0], pairs[1], pairs.at(-1)]).toEqual([400, [0, 0], [3, 1], [1197, 399]]);
});

test("the labels of a batch, as the loss reads them", () => {
  const row = (labels: readonly number[], targets?: readonly number[]) => {
    const inputIds = [1, 5, 6, 7, 2];
    return {
      inputIds,
      tokenTypeIds: inputIds.map(() => 0),
      truncated: false,
      label: undefined,
      labels,
      ...(targets && { targets }),
    };
  };
  const shape = { batchSize: 3, length: 8, losses: 3, packed: false };
  const several = labelObjective(severalTask);
  expect(several.inputs(shape).labels).toEqual({ shape: [3, 2], dtype: "float32" });
  expect(several.feeds([row([1, 0]), row([1, 1])], shape).labels).toEqual(Float32Array.of(1, 0, 1, 1, 0, 0));
  const tokens = tokenObjective(tokenTask);
  const rows = [row([1, 0], [1, 3]), row([1], [2])];
  expect(tokens.size(rows, 2, 8)).toBe(3);
  expect(tokens.feeds(rows, { ...shape, losses: 4 })).toEqual({
    positions: Int32Array.of(1, 3, 10, 0),
    labels: Int32Array.of(1, 0, 1, 0),
  });
});

describe("words", () => {
  /** As `tokenTask`, but no token stands for "g", and the first sentence is empty. */
  const silent: LabelTask = {
    ...tokenTask,
    load: async (name) => {
      const { examples } = await tokenTask.load(name, undefined);
      return { name, examples: [{ first: "", words: [], labels: [], origin: "empty" }, ...examples] };
    },
    encode: ({ words = [], labels = [], ...example }, tokens, maxLength) => {
      const heard = [...words.keys()].filter((word) => words[word] !== "g");
      const kept = { words: heard.map((word) => words[word]!), labels: heard.map((word) => labels[word]!) };
      return { ...tokenTask.encode({ ...example, ...kept }, tokens, maxLength), words: heard };
    },
  };

  test("that no token stands for are counted, and a sentence without words is no row without a label", async () => {
    const { examples } = await silent.load("train", undefined);
    const unread = examples.flatMap(({ words = [] }) => words).filter((word) => word === "g").length;
    const { splits } = await evaluate({ ...tinyRun(temporaryFolder(), { task: silent }) });
    const validation = (await silent.load("validation", undefined)).examples.flatMap(({ words = [] }) => words);
    expect(splits.validation!.unreadWords).toBe(validation.filter((word) => word === "g").length);
    const warnings: string[] = [];
    const onEvent = (event: RunEvent) => event.type === "warning" && warnings.push(event.message);
    await train(tinyRun(temporaryFolder(), { task: silent, arguments: TINY_ARGUMENTS, onEvent }));
    expect(unread).toBeGreaterThan(0);
    expect(warnings).toContain(
      `${unread} words of train are neither learned nor scored: they stand behind 24 tokens (maxSeqLength), or have no token.`,
    );
  });

  test("of no row at all are refused", async () => {
    const none: LabelTask = {
      ...silent,
      load: async (name) => ({ name, examples: [{ first: "", words: ["g"], labels: [0], origin: "x" }] }),
    };
    await expect(train(tinyRun(temporaryFolder(), { task: none }))).rejects.toThrow(
      "Expected the split train to have words to learn, found none in 1 rows.",
    );
  });
});

test("one answer for every word is said", () => {
  const facts = { split: "dev", primaryMetric: "f1", scores: { f1: 0 }, baseline: { f1: 0 }, loss: 1, rows: 2 };
  const head = { kind: "token-classification", labels: ["O", "B-X"] } as const;
  const warningsOf = (...logits: number[]) =>
    resultWarnings({ ...facts, head, logits: Float32Array.from(logits), vocabularySize: undefined });
  expect(warningsOf(2, 1, 3, 0, 1, 0)).toEqual(["Every word of dev gets the same answer, O: nothing was learned yet."]);
  expect(warningsOf(2, 1, 3, 0, 0, 1)).toEqual([]);
});

test("a score that is undefined is said with its reason, and a correlation below 0", () => {
  const facts = { split: "dev", primaryMetric: "pearson", baseline: { pearson: Number.NaN }, loss: 1, rows: 3 };
  const warningsOf = (pearson: number, ...logits: number[]) =>
    resultWarnings({
      ...{ ...facts, head: { kind: "regression" }, scores: { pearson } },
      ...{ logits: Float32Array.from(logits), vocabularySize: undefined },
    });
  expect(warningsOf(Number.NaN, 1, 2, 3)).toEqual(["pearson on dev is undefined: its labels are all the same."]);
  expect(warningsOf(Number.NaN, 2, 2, 2)).toEqual([
    "Every row of dev gets the same answer, 2: nothing was learned yet.",
    "pearson on dev is undefined: its answers are all the same.",
  ]);
  expect(warningsOf(-0.25, 1, 2, 3)).toEqual([
    "pearson on dev is -0.2500, below 0: the model is undertrained, or its labels are in another order.",
  ]);
  expect(warningsOf(0.25, 1, 2, 3)).toEqual([]);
});

test("an answer of several labels is the set of them", () => {
  const facts = { split: "dev", primaryMetric: "micro_f1", baseline: {}, scores: {}, loss: 1, rows: 2 };
  const warningsOf = (...logits: number[]) =>
    resultWarnings({ ...facts, head: severalTask.head, logits: Float32Array.from(logits), vocabularySize: undefined });
  expect(warningsOf(2, 1, 2, -1)).toEqual([]);
  expect(warningsOf(2, 1, 1, 2)).toEqual([
    "Every row of dev gets the same answer, low, long: nothing was learned yet.",
  ]);
  expect(warningsOf(-2, -1, -1, -2)).toEqual([
    "Every row of dev gets the same answer, none of the labels: nothing was learned yet.",
  ]);
});

test("numbers that are in order and far from the labels are told", () => {
  const facts = { split: "dev", primaryMetric: "pearson", loss: 1, rows: 3, vocabularySize: undefined };
  const warningsOf = (rmse: number) =>
    resultWarnings({
      ...{ ...facts, head: { kind: "regression" }, logits: Float32Array.of(1, 2, 3) },
      ...{ scores: { pearson: 1, rmse }, baseline: { pearson: Number.NaN, rmse: 10 } },
    });
  expect(warningsOf(10)).toEqual([]);
  expect(warningsOf(50)).toEqual([
    "rmse on dev is 50.0000, above the 10.0000 of always giving the mean: the model is undertrained. Answers begin near 0, and numbers far from it take many steps: scale the labels, or raise learningRate.",
  ]);
});

test("a label that the head has not is refused by row, among several too", async () => {
  const wrong: LabelTask = {
    ...severalTask,
    load: async (name) => ({ name, examples: [{ first: "abc", labels: [0, 2], origin: "x.tsv:1" }] }),
  };
  const run = train(tinyRun(temporaryFolder(), { task: wrong, tokenizer }));
  await expect(run).rejects.toThrow("x.tsv:1: expected a label from 0 to 1 (low, long), found 2.");
  await expect(run).rejects.toSatisfy(InvalidInputError.isInstance);
});

import { type Component, type Described, type Example, isLanguageModelTask, type LabelTask } from "@blora/spec";
import { ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { useCpuBackend } from "./cpu-backend.ts";
import type { TaskKitOptions } from "./task-kit-options.ts";
import { testLanguageModelTask } from "./test-language-model-task.ts";
import { testManifest } from "./test-manifest.ts";
import { createTestTokenizer } from "./test-tokenizer.ts";
import { expectAllClose, valuesOf } from "./values.ts";

const MAX_LENGTH = 16;

/** Registers the laws every task keeps. Call it at the top level of a test file. */
export function testTask(task: Component<"task">, options: TaskKitOptions = {}): void {
  if (isLanguageModelTask(task)) testLanguageModelTask(task, options);
  else testLabelTask(task, options);
}

function testLabelTask(task: LabelTask & Described<"task">, options: TaskKitOptions): void {
  const { folder, load = true, perfectScore = 1, scores = [0, 1, 2, 3, 4, 5] } = options;
  const isClass = task.head.kind !== "regression";
  const classes = task.head.kind === "regression" ? 1 : task.head.labels.length;
  /** Every label three times and the first twice more, so that one is the most frequent. */
  const labels = isClass ? [0, 0, ...Array.from({ length: 3 * classes }, (_, index) => index % classes)] : [...scores];
  const isSeveral = task.head.kind === "classification" && task.head.several === true;
  /** Answers as the task takes them: where a row has several classes, one of them each here, as 0 and 1 for each class. */
  const givenOf = (answers: readonly number[]): readonly number[] =>
    isSeveral ? answers.flatMap((answer) => Array.from({ length: classes }, (_, c) => Number(c === answer))) : answers;
  const targetOf = (answers: readonly number[]): Tensor => {
    if (isSeveral) return ops.tensor([...givenOf(answers)], [answers.length, classes], "float32");
    return ops.tensor([...answers], [answers.length], isClass ? "int32" : "float32");
  };

  describe("task laws", () => {
    useCpuBackend();
    testManifest(task, "task");

    test.skipIf(!load)("every labelled row has a text, a label the head can give, and an origin", async () => {
      for (const name of [task.splits.train, ...task.splits.evaluation]) {
        const split = await task.load(name, folder);
        expect(split.examples.length, name).toBeGreaterThan(0);
        const problems = split.examples.map((example) => problemOf(task, classes, example));
        expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
        expect(
          split.examples.some(({ label, labels }) => (labels ?? label) !== undefined),
          `${name} has labels`,
        ).toBe(true);
      }
    });

    test("perfect predictions get the best score there is", () => {
      const perfect = task.score(logitsFor(task, classes, labels), givenOf(labels));
      expect(Object.keys(perfect)).toContain(task.primaryMetric);
      for (const [metric, value] of Object.entries(perfect)) {
        expect(value, metric).toBeCloseTo(bestOf(perfectScore, metric), 6);
      }
    });

    test("wrong predictions score below perfect ones", () => {
      const wrong = isClass ? labels.map((label) => (label + 1) % classes) : labels.toReversed();
      expect(task.score(logitsFor(task, classes, wrong), givenOf(labels))[task.primaryMetric]).toBeLessThan(
        bestOf(perfectScore, task.primaryMetric),
      );
    });

    test("the majority baseline is the score of one constant answer", () => {
      const answer = isClass ? 0 : labels.reduce((sum, label) => sum + label, 0) / labels.length;
      const constant = task.score(
        logitsFor(
          task,
          classes,
          labels.map(() => answer),
        ),
        givenOf(labels),
      );
      expect(task.majority(givenOf(labels))).toEqual(constant);
    });

    test("the loss is a number for each row, lower for better answers, with finite gradients", () => {
      const given = (answers: readonly number[]) =>
        ops.tensor(logitsFor(task, classes, answers), [labels.length, classes]);
      const target = targetOf(labels);
      const right = task.loss(given(labels), target);
      const wrongAnswers = labels.map((label) => (classes === 1 ? label + 1 : (label + 1) % classes));
      const wrong = task.loss(given(wrongAnswers), target);
      expect(right.shape).toEqual([labels.length]);
      for (const [row, value] of Array.from(valuesOf(right)).entries()) {
        expect(value).toBeLessThan(valuesOf(wrong)[row]!);
      }
      const { gradients } = valueAndGradients((logits) => ops.sum(task.loss(logits!, target)), [given(wrongAnswers)]);
      expect(gradients[0]!.shape).toEqual([labels.length, classes]);
      for (const value of Array.from(valuesOf(gradients[0]!))) expect(Number.isFinite(value)).toBe(true);
    });

    test("the loss of one row does not depend on the others", () => {
      const logits = logitsFor(task, classes, labels);
      const all = task.loss(ops.tensor(logits, [labels.length, classes]), targetOf(labels));
      const first = task.loss(ops.tensor(logits.slice(0, classes), [1, classes]), targetOf(labels.slice(0, 1)));
      expectAllClose(first, valuesOf(all)[0]!);
    });

    test.skipIf(task.head.kind === "token-classification")(
      "an example encodes within the longest length, with its label and a final separator",
      () => {
        const tokenizer = createTestTokenizer();
        const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
        const answer = (label: number) => (isSeveral ? { labels: [label] } : { label });
        const examples: Example[] = [
          { first: "a short text", ...answer(labels[0]!), origin: "kit:1" },
          { first: words, second: "and another", ...answer(labels[1]!), origin: "kit:2" },
          { first: words, second: words, origin: "kit:3" },
        ];
        for (const example of examples) {
          const encoded = task.encode(example, tokenizer, MAX_LENGTH);
          expect(encoded.inputIds.length).toBeLessThanOrEqual(MAX_LENGTH);
          expect(encoded.tokenTypeIds.length).toBe(encoded.inputIds.length);
          expect(encoded.inputIds[0]).toBe(tokenizer.special.cls);
          expect(encoded.inputIds[encoded.inputIds.length - 1]).toBe(tokenizer.special.sep);
          expect(encoded.truncated).toBe(example.first === words);
          expect(encoded.label).toBe(example.label);
          if (isSeveral) expect(encoded.labels).toEqual(example.labels === undefined ? [] : givenOf(example.labels));
        }
      },
    );

    test.skipIf(task.head.kind !== "token-classification")(
      "words encode within the longest length, each with its label at a token of its own",
      () => {
        const tokenizer = createTestTokenizer();
        const words = Array.from({ length: 40 }, (_, index) => (index === 3 ? " " : `word${index}`));
        for (const example of [
          { first: "", words: words.slice(0, 8), labels: words.slice(0, 8).map((_, index) => index % classes) },
          { first: "", words, labels: words.map((_, index) => index % classes) },
          { first: "", words },
        ]) {
          const encoded = task.encode({ ...example, origin: "kit:1" }, tokenizer, MAX_LENGTH);
          const { inputIds, targets = [], words: answered = [], labels: kept } = encoded;
          expect(inputIds.length).toBe(example.words === words ? MAX_LENGTH : 9);
          expect([inputIds[0], inputIds.at(-1)]).toEqual([tokenizer.special.cls, tokenizer.special.sep]);
          expect(encoded.truncated).toBe(example.words === words);
          // A word without tokens is not answered, nor is one behind the last that fits.
          expect(answered).toEqual(
            Array.from({ length: inputIds.length - 1 }, (_, index) => index).filter((word) => word !== 3),
          );
          expect(targets.map((target) => inputIds[target])).toEqual(
            answered.map((word) => tokenizer.encode(example.words[word]!)[0]),
          );
          expect(kept).toEqual(example.labels && answered.map((word) => example.labels[word]));
        }
      },
    );
  });
}

function bestOf(perfectScore: number | Readonly<Record<string, number>>, metric: string): number {
  return typeof perfectScore === "number" ? perfectScore : (perfectScore[metric] ?? 1);
}

/** What is wrong with a row, or nothing. Splits are long: one assertion for all rows, not several for each. */
function problemOf(task: LabelTask, classes: number, example: Example): string | undefined {
  const { first, second, label, labels = label === undefined ? [] : [label], words, origin } = example;
  if (typeof first !== "string" || origin === "") return `${origin || JSON.stringify(first)}: no text or no origin`;
  const { takesPairs = false } = task;
  if ((second !== undefined) !== takesPairs)
    return `${origin}: ${second ?? "no second text"}, takesPairs ${takesPairs}`;
  const isGiven = (value: number) =>
    Number.isFinite(value) &&
    (task.head.kind === "regression" || (Number.isInteger(value) && value >= 0 && value < classes));
  const isWhole = task.head.kind !== "token-classification" || labels.length === words?.length;
  return labels.every(isGiven) && isWhole ? undefined : `${origin}: label ${labels.join(", ")}`;
}

/** Logits row-major [rows, C] whose prediction is the answer. */
function logitsFor(task: LabelTask, classes: number, answers: readonly number[]): Float32Array {
  if (task.head.kind === "regression") return Float32Array.from(answers);
  return Float32Array.from(
    answers.flatMap((answer) => Array.from({ length: classes }, (_, c) => (c === answer ? 4 : -4))),
  );
}

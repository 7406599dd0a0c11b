import { readFileSync } from "node:fs";
import type { LikelihoodAnswer } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { protocols, type Subject, scoreAnswers } from "../src/index.ts";

const { standardErrors } = JSON.parse(
  readFileSync(new URL("../../../fixtures/mmlu/lm-eval.json", import.meta.url), "utf8"),
) as { standardErrors: { scores: number[][]; errors: number[]; pooled: number } };

function answers(subject: Subject, right: readonly number[]): LikelihoodAnswer[] {
  return right.map((isRight, index) => ({
    request: {
      id: `${subject}/${index + 1}`,
      description: "",
      shots: [],
      prompt: "?",
      continuations: [" A", " B"],
      answer: 1,
    },
    logLikelihoods: [0, 0],
    chosen: isRight,
  }));
}

describe("averages", () => {
  const [first, second, third] = standardErrors.scores as [number[], number[], number[]];
  const all = [...answers("anatomy", first), ...answers("astronomy", second), ...answers("business_ethics", third)];
  const harness = scoreAnswers(all, protocols["lm-evaluation-harness"]);

  test("weigh questions alike in accuracy and subjects alike in macro_accuracy", () => {
    expect(harness.scores.accuracy).toBeCloseTo((4 + 1 + 6) / 19, 12);
    expect(harness.scores.macro_accuracy).toBeCloseTo((4 / 6 + 1 / 4 + 6 / 9) / 3, 12);
  });

  test("have lm-evaluation-harness's standard errors", () => {
    const { subject } = harness.groups;
    const errors = ["anatomy", "astronomy", "business_ethics"].map((name) => subject![name]!.standardError);
    for (const [index, error] of errors.entries()) expect(error).toBeCloseTo(standardErrors.errors[index]!, 12);
    expect(harness.scores.accuracy_standard_error).toBeCloseTo(standardErrors.pooled, 12);
    const macro = Math.sqrt(standardErrors.errors.reduce((sum, error) => sum + error ** 2, 0)) / 3;
    expect(harness.scores.macro_accuracy_standard_error).toBeCloseTo(macro, 12);
  });

  test("file anatomy as the protocol does", () => {
    const original = scoreAnswers(all, protocols.hendrycks);
    const questions = ({ groups }: typeof harness) =>
      Object.entries(groups.category!).map(([name, group]) => [name, group.questions]);
    expect(questions(harness)).toEqual([
      ["STEM", 10],
      ["other", 9],
    ]);
    expect(questions(original)).toEqual([
      ["STEM", 4],
      ["other", 15],
    ]);
    expect(original.scores).toEqual(harness.scores);
  });

  test("of a single question have no standard error", () => {
    const { scores, groups } = scoreAnswers(answers("anatomy", [1]), protocols.hendrycks);
    expect(scores).toEqual({ accuracy: 1, macro_accuracy: 1 });
    expect(groups.subject!.anatomy).toEqual({ questions: 1, accuracy: 1, standardError: null });
  });
});

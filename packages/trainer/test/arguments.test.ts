import { InvalidInputError } from "@blora/spec";
import { describe, expect, it } from "vitest";
import { parseTrainingArguments } from "../src/arguments.ts";

describe("parseTrainingArguments", () => {
  it("fills in Hugging Face's names and defaults", () => {
    expect(parseTrainingArguments({ learningRate: 1e-3 })).toMatchObject({
      learningRate: 1e-3,
      adamBeta1: 0.9,
      adamBeta2: 0.999,
      adamEpsilon: 1e-8,
      maxGradNorm: 1,
      lrSchedulerType: "linear",
      gradientAccumulationSteps: 1,
      seed: 42,
    });
  });

  it("names every wrong argument and what was found", () => {
    const parse = () => parseTrainingArguments({ learningRate: -1, maxSteps: 2.5, lrSchedulerType: "step" });
    expect(parse).toThrow(InvalidInputError);
    expect(parse).toThrow(/learningRate: .*found -1.*maxSteps: .*found 2\.5.*lrSchedulerType: .*found "step"/);
  });

  it("refuses numbers that are not finite (row 25)", () => {
    expect(() => parseTrainingArguments({ learningRate: Number.NaN })).toThrow(/learningRate.*found NaN/);
    expect(() => parseTrainingArguments({ weightDecay: Infinity })).toThrow(/weightDecay.*found Infinity/);
  });

  it("suggests the argument that was meant", () => {
    expect(() => parseTrainingArguments({ learnRate: 1 })).toThrow(
      'unknown key "learnRate" (did you mean learningRate',
    );
  });
});

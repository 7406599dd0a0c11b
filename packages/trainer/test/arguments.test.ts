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

  const notACount = [0, -1, 1.5, Number.NaN, 2 ** 53, "4"];
  const notAShare = [-0.1, 1, 1.5, Number.NaN];
  it.each<[string, unknown[]]>([
    ["learningRate", [0, -1, Number.NaN, Infinity]],
    ["headLearningRate", [0, -1]],
    ["weightDecay", [-0.1, Number.NaN]],
    ["maxGradNorm", [-1, Infinity]],
    ["adamEpsilon", [0, -1e-8]],
    ["warmupRatio", notAShare],
    ["adamBeta1", notAShare],
    ["adamBeta2", notAShare],
    ["warmupSteps", [-1, 0.5]],
    ["numTrainEpochs", [0, -1, Infinity]],
    ["maxSeqLength", [0, 3, 16.5]],
    ["seed", [-1, 0.5, 2 ** 32, 2 ** 53]],
    ...[
      "maxSteps",
      "perDeviceTrainBatchSize",
      "perDeviceEvalBatchSize",
      "gradientAccumulationSteps",
      "padToMultipleOf",
      "maxTokensPerPass",
      "loggingSteps",
      "evalSteps",
      "saveSteps",
      "saveTotalLimit",
      "earlyStoppingPatience",
      "maxTrainSamples",
      "maxEvalSamples",
    ].map((name): [string, unknown[]] => [name, notACount]),
  ])("refuses a %s out of range", (name, values) => {
    for (const value of values) {
      expect(() => parseTrainingArguments({ [name]: value }), String(value)).toThrow(
        new RegExp(
          `^Training arguments: ${name}: .*, found ${JSON.stringify(value) === "null" ? value : JSON.stringify(value)}`,
        ),
      );
    }
  });

  it("takes the bounds of what means something", () => {
    const bounds = { maxGradNorm: 0, weightDecay: 0, warmupRatio: 0, warmupSteps: 0, adamBeta1: 0, seed: 2 ** 32 - 1 };
    expect(parseTrainingArguments({ ...bounds, numTrainEpochs: 0.5 })).toMatchObject({
      ...bounds,
      numTrainEpochs: 0.5,
    });
  });

  it("suggests the argument that was meant", () => {
    expect(() => parseTrainingArguments({ learnRate: 1 })).toThrow(
      'unknown key "learnRate" (did you mean learningRate',
    );
  });
});

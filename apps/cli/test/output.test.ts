import { InvalidInputError } from "@blora/spec";
import type { RunEvent } from "@blora/trainer";
import { CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { describeFailure } from "../src/exit.ts";
import { createProgress } from "../src/output/progress.ts";

describe("progress", () => {
  const step = (number: number): RunEvent => ({
    type: "step",
    step: number,
    totalSteps: 100,
    epoch: 0,
    phase: "gates",
    loss: 0.5,
    penalty: 0.25,
    gradientNorm: 1,
    learningRate: 1e-3,
    tokensPerSecond: 1234.5,
    secondsLeft: 95,
  });

  test("prints a plain line every 50 steps where there is no terminal", () => {
    const lines: string[] = [];
    const show = createProgress({ isTTY: false, write: (text) => lines.push(text) });
    for (let number = 1; number <= 100; number++) show(step(number));
    expect(lines).toEqual([
      "step 50/100  gates  loss 0.5000  penalty 0.2500  1,235 tokens/s  1m35s left\n",
      "step 100/100  gates  loss 0.5000  penalty 0.2500  1,235 tokens/s  1m35s left\n",
    ]);
  });

  test("redraws one line on a terminal", () => {
    const lines: string[] = [];
    createProgress({ isTTY: true, write: (text) => lines.push(text) })(step(1));
    expect(lines[0]).toContain("\r\u001b[Kstep 1/100");
  });
});

describe("a failure", () => {
  test("of the user's is one line and status 1", () => {
    expect(describeFailure(new InvalidInputError("row 3: expected 0 or 1"))).toEqual({
      status: 1,
      message: "blora: row 3: expected 0 or 1",
    });
  });

  test("of usage is status 2, and help is none", () => {
    expect(describeFailure(new CommanderError(1, "commander.unknownOption", "")).status).toBe(2);
    expect(describeFailure(new CommanderError(0, "commander.helpDisplayed", "")).status).toBe(0);
  });

  test("of ours shows where it happened", () => {
    expect(describeFailure(new TypeError("x is not a function")).message).toMatch(/this is a bug.*TypeError/s);
  });
});

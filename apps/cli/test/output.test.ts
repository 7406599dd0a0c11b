import { readFileSync } from "node:fs";
import type { AdapterDescription, FormSizes } from "@blora/adapters";
import type { RunEvent, RunSummary } from "@blora/runs";
import { InvalidInputError } from "@blora/spec";
import { CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { inspectionText } from "../src/commands/inspect.ts";
import { describeSummary } from "../src/commands/train.ts";
import { describeFailure } from "../src/exit.ts";
import { inFlags } from "../src/output/in-flags.ts";
import { createProgress } from "../src/output/progress.ts";
import { summaryTable } from "../src/output/summary-table.ts";
import { createProgram } from "../src/program.ts";
import { measuredFacts } from "../src/run/run-summary.ts";

/** The cells of every line of a table for the terminal. */
const cellsOf = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("│"))
    .map((line) =>
      line
        .split("│")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const ranks = { "h.0.query": 4, "h.1.query": 1 };
const bits = { "h.0.query": { A: [8, 4, 4, 2], B: [8, 4, 4, 2] }, "h.1.query": { A: [2], B: [2] } };
const bops = { scope: "adapter", unit: "bit operations", macs: 10, bitOperations: 50, baseline: 1000, ratio: 0.05 };

const summary: RunSummary = {
  task: "builtin",
  split: "validation",
  rows: { train: 100, eval: 50 },
  metric: { name: "accuracy", value: 0.875 },
  metrics: { best: null, last: null },
  selected: "best",
  method: { $plugin: "method/blora" },
  baseline: { accuracy: 0.5 },
  ranks,
  bits,
  bops,
  engine: { id: "onnx", provider: "cpu", threads: 2, version: "1" },
  steps: 10,
  seconds: 95,
  tokensPerSecond: 1234.5,
  paddedTokensPerSecond: 2000,
  paddingShare: 0.5,
  truncatedShare: 0,
  peakRssBytes: 3 * 2 ** 20,
  seed: 7,
  warnings: [],
  interrupted: false,
};

describe("tables", () => {
  test("give each run a line, with the mean width of its open components", () => {
    const bare = { ...summary, method: null, ranks: {}, bits: {}, metric: { name: "accuracy", value: null } };
    const [head, first, second] = cellsOf(summaryTable([summary, bare], ["B-LoRA"]));
    expect(head).toEqual([
      "method",
      "seed",
      "metric",
      "majority",
      "ranks",
      "bits",
      "BOPs",
      "scope",
      "tokens/s",
      "time",
      "memory",
    ]);
    expect(first).toEqual([
      "B-LoRA",
      "7",
      "accuracy 0.8750",
      "0.5000",
      "2.5",
      "4.0",
      "5.0 %",
      "adapter",
      "1,235",
      "1m35s",
      "3 MiB",
    ]);
    expect(second!.slice(0, 6)).toEqual(["custom", "7", "-", "0.5000", "–", "–"]);
  });

  test("of an adapter show the bits of each component of each site, and kilobytes in every form", () => {
    const description: AdapterDescription = {
      baseModel: "org/model",
      task: "builtin",
      head: { kind: "regression" },
      method: { $plugin: "method/blora" },
      maxSeqLength: 64,
      ranks,
      bits,
      bops,
      ledger: [],
    };
    const forms = (packed: number): FormSizes => ({ packed, float32: 64_000, float16: 32_000 });
    const lines = cellsOf(inspectionText(description, { matrices: forms(2_345), files: forms(4_000) }));
    expect(lines).toContainEqual(["bit operations", "5.00 % of LoRA in 32 bit, scope adapter"]);
    expect(lines).toContainEqual(["mean bits", "4.0"]);
    expect(lines).toContainEqual(["matrix", "rank", "bits", "mean bits"]);
    expect(lines).toContainEqual(["h.0.query", "4", "8 4 4 2", "4.5"]);
    expect(lines).toContainEqual(["h.1.query", "1", "2", "2.0"]);
    expect(lines).toContainEqual(["kilobytes", "packed", "float32", "float16"]);
    expect(lines.some(([name]) => name?.startsWith("seconds"))).toBe(false);
    expect(lines).toContainEqual(["matrices", "2.3", "64.0", "32.0"]);
  });

  test("of an adapter show what its run measured, and the precision of its scores", () => {
    const results = { split: "validation", rows: 4, metric: "accuracy", scores: { accuracy: 0.5 }, seed: 1, steps: 2 };
    const description: AdapterDescription = {
      ...{ baseModel: "org/model", task: "builtin", head: { kind: "regression" }, method: { $plugin: "method/blora" } },
      ...{ maxSeqLength: 64, ranks, bits, bops, ledger: [] },
      results: { ...results, precision: "int8" },
    };
    const sizes = { packed: 1, float32: 1, float16: 1 };
    const measured = measuredFacts({ ...summary, evaluated: { rows: 400, seconds: 1 } });
    const lines = cellsOf(inspectionText(description, { matrices: sizes, files: sizes }, [], measured));
    expect(lines).toContainEqual(["scores", '{"accuracy":0.5} in int8']);
    expect(lines).toContainEqual(["seconds per training step", "9.5, by onnx on cpu, 2 threads, float32"]);
    expect(lines).toContainEqual(["seconds per evaluated row", "0.0025, by onnx on cpu, 2 threads, float32"]);
  });
});

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

  test("a score without a value is said to be undefined", () => {
    const lines: string[] = [];
    const show = createProgress({ isTTY: false, write: (text) => lines.push(text) });
    const scores = { pearson: Number.NaN, rmse: 0.5 };
    show({ type: "evaluation", step: 3, split: "validation", loss: 0.25, scores });
    expect(lines).toEqual(["step 3  validation  loss 0.2500  pearson undefined  rmse 0.5000\n"]);
  });
});

test("advice of packages speaks of flags", () => {
  const advice = "Set maxTokensPerPass below 4096, which changes no update, or lower maxSeqLength (128).";
  expect(inFlags(advice)).toBe(
    "Use --set maxTokensPerPass=<less than 4096>, which changes no update, or --set maxSeqLength=<less than 128>.",
  );
});

test.each([
  [
    "start anew with overwrite, or resume anyway with allowConfigChange.",
    "start anew with --overwrite, or resume anyway with --allow-config-change.",
  ],
  ["Free some space or lower saveTotalLimit.", "Free some space or use --set saveTotalLimit=<fewer>."],
  ["which this method does not take. Use the method lora.", "which this method does not take. Use --method lora."],
  ["found none. Use chatml or plain.", "found none. Use --set task.template=chatml or --set task.template=plain."],
  ["Choose those to score with the option subjects.", "Choose those to score with --subjects."],
  [
    "generate does not go with an adapter whose head is classification. Use classify.",
    "generate does not go with an adapter whose head is classification. Use blora predict.",
  ],
  [
    "The task classify has no built-in data: name a file or folder.",
    "The task classify has no built-in data: --data takes a file or folder.",
  ],
  ["Name it: task.label=<column>.", "Name it: --set task.label=<column>."],
  [
    "found an adapter (x). Name the base model that it was trained on.",
    "found an adapter (x). --model takes the base model that it was trained on.",
  ],
  [
    "Set task.several=true where a cell may be one label.",
    "Use --set task.several=true where a cell may be one label.",
  ],
  ['Name them: task.labels=["O","B"].', `Name them: --set 'task.labels=["O","B"]'.`],
  ["--set task.label=Preis: x.csv: expected a label column", "--set task.label=Preis: x.csv: expected a label column"],
  [
    "Expected a tokenizer with a chat_template for a conversation, found none. Give a text.",
    "Expected a tokenizer with a chat_template for --chat, found none. Leave it out.",
  ],
  [
    "addBos: expected a tokenizer with a first token, found one without.",
    "--add-bos: expected a tokenizer with a first token, found one without.",
  ],
  [
    "expected the name of a base model, found none. Give one.",
    "expected the name of a base model, found none. Name it with --model.",
  ],
])("%s", (advice, shown) => {
  expect(inFlags(advice)).toBe(shown);
});

test("the readme lists every command", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = [...readme.matchAll(/^\| `(\w+)/gm)].map(([, name]) => name);
  const commands = createProgram(() => {}).commands.map((command) => command.name());
  expect([...new Set(rows)].sort()).toEqual(commands.sort());
});

test("a run that ends names its adapter, an interrupted one how to go on", () => {
  expect(describeSummary({ summary, out: "/runs/mine", readsRows: true })).toMatch(
    /\nadapter: \/runs\/mine\/adapter\nuse it: {2}blora predict \/runs\/mine --data <rows>\n$/,
  );
  expect(describeSummary({ summary: { ...summary, targetTokens: 9 }, out: "/runs/mine", readsRows: true })).toMatch(
    /\nuse it: {2}blora generate --adapter \/runs\/mine --prompt <text>\n$/,
  );
  expect(describeSummary({ summary, out: "/runs/mine", readsRows: false })).toMatch(
    /\nuse it: {2}blora predict \/runs\/mine\n$/,
  );
  const interrupted = { ...summary, interrupted: true };
  expect(describeSummary({ summary: interrupted, out: "/runs/mine", readsRows: true })).toBe(
    "stopped after step 10. The same command, without --overwrite, goes on in /runs/mine.\n",
  );
  expect(describeSummary({ summary: { ...interrupted, steps: 0 }, out: "/runs/mine", readsRows: true })).toMatch(
    /^stopped before the first step: nothing is saved\. /,
  );
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

  test("without a stack is ours", () => {
    expect(describeFailure("out of luck").message).toBe("blora: this is a bug. out of luck");
  });
});

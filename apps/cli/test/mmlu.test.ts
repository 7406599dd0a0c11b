import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LikelihoodSummary } from "@blora/likelihood";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { benchmarkAssignments, describeLikelihood } from "../src/commands/eval-likelihood.ts";
import { blora, requireBuild } from "./run-blora.ts";

const data = process.env.BLORA_DATA;

test("flags of a benchmark are options of its task", () => {
  expect(benchmarkAssignments({ shots: 0, protocol: "hendrycks", subjects: "anatomy,virology" })).toEqual([
    { flag: "--shots 0", path: ["shots"], value: 0 },
    { flag: "--protocol hendrycks", path: ["protocol"], value: "hendrycks" },
    { flag: "--subjects anatomy,virology", path: ["subjects"], value: ["anatomy", "virology"] },
  ]);
});

const group = { questions: 4, accuracy: 0.25, standardError: 0.25 };
const summary: LikelihoodSummary = {
  task: "mmlu",
  model: "tiny",
  adapter: null,
  form: null,
  protocol: { name: "hendrycks", version: "1.0", shots: 5 },
  promptsSha256: "0123456789abcdef",
  questions: 4,
  results: {
    scores: { accuracy: 0.25, macro_accuracy: 0.25 },
    groups: { category: { STEM: group }, subject: { anatomy: { ...group, standardError: null } } },
  },
  overlong: { policy: "drop-shots", maxTokens: 2048, fewerShots: 1, cut: 0 },
  interrupted: false,
  thisRun: { questions: 4, seconds: 1, tokens: 512 },
  engine: { id: "onnx", provider: "cpu", threads: 1, version: "1" },
  peakRssBytes: 1,
  answers: [],
};

describe("a result", () => {
  test("names what was asked and shows the coarse table", () => {
    const lines = describeLikelihood(summary, undefined).split("\n");
    expect(lines[0]).toBe("mmlu  hendrycks 1.0, 5 shots, 4 questions, prompts 0123456789ab");
    expect(describeLikelihood({ ...summary, form: "plain" }, undefined)).toContain(
      "prompts 0123456789ab, the adapter in its plain form\n",
    );
    expect(lines[1]).toBe("accuracy 0.2500  macro_accuracy 0.2500");
    expect(lines.join("\n")).toMatch(/STEM\s+│ 4\s+│ 0\.2500\s+│ 0\.2500/);
    expect(lines.join("\n")).not.toContain("anatomy");
    expect(lines.at(-1)).toBe("1 questions with fewer shots and 0 cut on the left, longer than 2048 tokens");
  });

  test("that is not complete says how to go on", () => {
    const { results: _, ...rest } = summary;
    const text = describeLikelihood({ ...rest, results: undefined, interrupted: true }, "runs/mmlu");
    expect(text).toContain("0 of 4 questions answered; the same command goes on from there (runs/mmlu)");
  });
});

describe.skipIf(data === undefined)("blora eval --task mmlu", () => {
  let folder: string;
  let model: string;

  beforeAll(async () => {
    requireBuild();
    folder = await mkdtemp(join(tmpdir(), "blora-mmlu-"));
    model = await mkdtemp(join(folder, "stories-"));
    const source = join(data!, "models/stories260K");
    for (const name of ["config.json", "model.safetensors"])
      await copyFile(join(source, "qwen2-layout", name), join(model, name));
    await copyFile(join(source, "tok512.model"), join(model, "tokenizer.model"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const evaluate = (...flags: string[]) => {
    const fixed = ["--task", "mmlu", "--model", model, "--data", join(data!, "mmlu"), "--threads", "1", "--json"];
    return blora(["eval", ...fixed, "--subjects", "anatomy,virology", "--limit", "2", "--add-bos", ...flags]);
  };

  test("scores a plain model, keeps the answers, and asks nothing twice", async () => {
    const out = join(folder, "run");
    const { status, stdout } = await evaluate("--shots", "0", "--out", out);
    expect(status).toBe(0);
    const first = JSON.parse(stdout) as LikelihoodSummary;
    expect(first).toMatchObject({
      questions: 4,
      protocol: { name: "lm-evaluation-harness", version: "1.0", shots: 0 },
      thisRun: { questions: 4 },
    });
    expect(Object.keys(first.results!.groups.category!)).toEqual(["STEM", "other"]);
    expect((await readFile(join(out, "answers.jsonl"), "utf8")).trim().split("\n")).toHaveLength(4);
    const again = JSON.parse((await evaluate("--shots", "0", "--out", out)).stdout) as LikelihoodSummary;
    expect(again.thisRun.questions).toBe(0);
    expect(again.results).toEqual(first.results);
  });

  test("in shards gives the answers of one process, to the last bit", async () => {
    const whole = join(folder, "whole");
    const sharded = join(folder, "sharded");
    const first = JSON.parse((await evaluate("--shots", "1", "--out", whole)).stdout) as LikelihoodSummary;
    const second = JSON.parse((await evaluate("--shots", "1", "--out", sharded, "--shards", "2")).stdout);
    expect(second.results).toEqual(first.results);
    expect([first.thisRun.questions, second.thisRun.questions]).toEqual([4, 0]);
    const answersOf = async (out: string) => (await readFile(join(out, "answers.jsonl"), "utf8")).split("\n").sort();
    expect(await answersOf(sharded)).toEqual(await answersOf(whole));
  });

  test("keeps its answers on an interrupt, and says how to go on", async () => {
    const out = join(folder, "interrupted");
    const fixed = ["--task", "mmlu", "--model", model, "--data", join(data!, "mmlu"), "--threads", "1"];
    const args = ["eval", ...fixed, "--add-bos", "--shots", "0", "--out", out];
    const { status, stdout } = await blora(args, (text, kill) => /questions\/s/.test(text) && kill("SIGINT"));
    expect(status).toBe(130);
    const kept = (await readFile(join(out, "answers.jsonl"), "utf8")).trim().split("\n").length;
    expect(stdout).toContain(`\n${kept} of 14042 questions answered; the same command goes on from there (${out})\n`);
  });

  test("drops shots that do not fit where the protocol does", async () => {
    const { stdout } = await evaluate("--protocol", "hendrycks");
    const { overlong } = JSON.parse(stdout) as LikelihoodSummary;
    expect(overlong).toEqual({ policy: "drop-shots", maxTokens: 512, fewerShots: 4, cut: 0 });
  });

  test("answers an option that is wrong with one line", async () => {
    const { status, stderr } = await evaluate("--shots", "9");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^blora: --shots 9: .*shots[^\n]*\n$/);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCheckpoint } from "@blora/weights";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeReviews, toCsv } from "../../../examples/own-data/src/reviews.ts";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { blora, requireBuild } from "./run-blora.ts";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-decoder-classifier-"));
  writeTinyQwen2(at("model"));
  writeFileSync(at("reviews.csv"), toCsv(makeReviews(40, 1)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a language model learns classes, answers, is merged into a classifier and exported", async () => {
  const given = ["--data", at("reviews.csv"), "--threads", "1"];
  const sets = ["maxSteps=4", "evalSteps=4", "maxSeqLength=64", "perDeviceTrainBatchSize=4"];
  const flags = ["--model", at("model"), "--method", "lora", ...sets.flatMap((set) => ["--set", set])];
  const trained = await blora(["train", ...given, ...flags, "--out", at("run"), "--json"]);
  expect([trained.status, JSON.parse(trained.stdout)]).toEqual([0, expect.objectContaining({ task: "classify" })]);
  const { modules_to_save, task_type } = JSON.parse(readFileSync(at("run/adapter/adapter_config.json"), "utf8"));
  expect([modules_to_save, task_type]).toEqual([["score"], "SEQ_CLS"]);

  const { stdout: answered } = await blora(["predict", at("run"), ...given]);
  expect(answered.split("\n")[0]).toBe("row,prediction,probability of 1,probability of 3,probability of 5");
  expect(answered.trim().split("\n")).toHaveLength(41);

  const merged = await blora(["merge", "--adapter", at("run"), "--out", at("merged"), "--json"]);
  expect([merged.status, merged.stderr]).toEqual([0, ""]);
  expect(JSON.parse(merged.stdout)).toMatchObject({ merged: 14, replaced: 1 });
  expect(JSON.parse(merged.stdout).largestDifference).toBeLessThan(1e-5);
  const { config, names } = openCheckpoint(at("merged"));
  expect(config).toMatchObject({
    architectures: ["Qwen2ForSequenceClassification"],
    problem_type: "single_label_classification",
    id2label: { 0: "1", 1: "3", 2: "5" },
    pad_token_id: 257,
  });
  expect(names).toContain("score.weight");
  expect(names).not.toContain("lm_head.weight");

  const exported = await blora(["export", "--adapter", at("run"), "--out", at("onnx"), "--json"]);
  expect([exported.status, exported.stderr]).toEqual([0, ""]);
  expect(JSON.parse(exported.stdout).largestDifference).toBeLessThan(1e-5);
});

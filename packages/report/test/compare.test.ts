import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "@blora/runs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compareSections, figureSvg } from "../src/page.ts";
import { writeSampleRun } from "./sample-run.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-compare-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function sample(name: string, seed: number) {
  await writeSampleRun(join(folder, name), { seed });
  return readRun(join(folder, name));
}

it("shows two runs side by side, their curves in one picture, and the settings that differ", async () => {
  const sections = compareSections([await sample("a", 1), await sample("b", 2)]);
  const [facts, curves, differences] = sections;
  expect(facts!.tables![0]!.columns).toEqual(["", "rte, blora, seed 1", "rte, blora, seed 2"]);
  expect(facts!.tables![0]!.rows.find(([name]) => name === "tokens/s")).toEqual(["tokens/s", "100", "200"]);
  expect(curves!.figures!.map(({ id }) => id)).toEqual([
    "compared-loss",
    "compared-evaluation-loss",
    "compared-score-accuracy",
    "compared-cost",
  ]);
  const svg = await figureSvg(curves!.figures![0]!);
  for (const name of ["rte, blora, seed 1", "rte, blora, seed 2"]) expect(svg).toContain(name);
  expect(differences!.tables![0]!.rows).toEqual([["arguments.seed", "1 -> 2"]]);
});

it("tells runs of one title apart by their folders, and says where nothing differs", async () => {
  const runs = [await sample("c", 1), await sample("d", 1)] as const;
  const [facts, , differences] = compareSections(runs);
  expect(facts!.tables![0]!.columns).toEqual(["", ...runs.map((run) => `rte, blora, seed 1 (${run.folder})`)]);
  expect(differences!.text).toBe("None: both were started with the same settings.");
});

it("compares an unfinished run by the split that decides, not by the last of several", async () => {
  const sampled = await sample("g", 1);
  const evaluations = sampled.evaluations.flatMap((evaluation) => [
    { ...evaluation, split: "matched" },
    { ...evaluation, split: "mismatched", evaluationLoss: 9, scores: { accuracy: 0.01 } },
  ]);
  const finished = { ...sampled, evaluations, summary: { ...sampled.summary!, split: "matched" } };
  const [facts, curves] = compareSections([finished, { ...finished, summary: undefined }]);
  expect(facts!.tables![0]!.rows.find(([name]) => name === "accuracy")).toEqual([
    ...["accuracy", "0.4000 (majority 0.5000)", "0.4000 (after step 40)"],
  ]);
  const losses = curves!.figures!.find(({ id }) => id === "compared-evaluation-loss")!;
  expect(JSON.stringify(losses.spec)).not.toContain('"value":9');
});

it("says what a value is to be compared with where that is not the same for both", async () => {
  const [left, right] = [await sample("e", 1), await sample("f", 1)];
  const { summary } = right;
  const wider = { ...right, summary: { ...summary!, bops: { ...summary!.bops, scope: "linear" as const } } };
  const [facts] = compareSections([left, wider]);
  const row = (name: string) => facts!.tables![0]!.rows.find(([fact]) => fact === name);
  expect(row("bit operations")).toEqual([
    ...["bit operations", "30.0 % (of LoRA in 32 bit, scope adapter)", "30.0 % (of LoRA in 32 bit, scope linear)"],
  ]);
  expect(row("accuracy")).toEqual(["accuracy", "0.4000", "0.4000"]);
});

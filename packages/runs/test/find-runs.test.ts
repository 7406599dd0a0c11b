import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { findRuns, readRecordParts, readRecords, readRun, readRunParts } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

function write(path: string, text = "{}"): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

it("finds runs and sweeps below a folder, but neither in runs nor behind links", async () => {
  const root = temporaryFolder();
  const at = (...parts: string[]) => join(root, "runs", ...parts);
  write(at("b", "blora-run.json"));
  write(at("b", "adapter", "blora-run.json"));
  write(at("a", "deep", "er", "blora-run.json"));
  write(at(".hidden", "blora-run.json"));
  write(at("sweep", "results.json"));
  write(at("sweep", "runs", "one.json"));
  write(join(root, "outside", "blora-run.json"));
  symlinkSync(join(root, "outside"), at("link"));
  expect(await findRuns(at())).toEqual({ runs: [at("a", "deep", "er"), at("b")], sweeps: [at("sweep")] });
  expect(await findRuns(at("b"))).toEqual({ runs: [at("b")], sweeps: [] });
  expect(await findRuns(at("nothing"))).toEqual({ runs: [], sweeps: [] });
});

it("reads what is whole of a damaged run and names every file that is not", async () => {
  const folder = join(temporaryFolder(), "run");
  write(join(folder, "blora-run.json"), '{"arguments":{"seed":3}}');
  write(join(folder, "metrics.jsonl"), '{"step":1,"loss":2,"learningRate":1}\n');
  write(join(folder, "summary.json"), '{"task":');
  write(join(folder, "ledger.json"), '{"scope":1}');
  const { config, steps, summary, problems } = await readRunParts(folder);
  expect([config, steps.length, summary]).toEqual([{ arguments: { seed: 3 } }, 1, undefined]);
  expect(problems.map(({ message }) => message.slice(folder.length + 1).split(":")[0])).toEqual([
    "summary.json",
    "ledger.json",
  ]);
  await expect(readRun(folder)).rejects.toThrow(problems[0]!.message);
});

it("reads a run whose configuration is damaged as far as its log goes", async () => {
  const folder = join(temporaryFolder(), "run");
  write(join(folder, "blora-run.json"), "[]");
  write(join(folder, "metrics.jsonl"), '{"step":1,"loss":2,"learningRate":1}\n');
  const { config, steps, problems } = await readRunParts(folder);
  expect([config, steps.length, problems.length]).toEqual([{}, 1, 1]);
});

it("passes over a damaged record of a sweep", async () => {
  const folder = temporaryFolder();
  write(join(folder, "runs", "one.json"), '{"name":"one"}');
  const { records, problems } = await readRecordParts(folder);
  expect([records.size, problems.length]).toEqual([0, 1]);
  await expect(readRecords(folder)).rejects.toThrow(/one\.json.*Remove it to run again/s);
});

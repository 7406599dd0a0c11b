import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunSummary } from "@blora/runs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blora, requireBuild } from "./run-blora.ts";

const tiny = ["--set", "maxSteps=12", "--set", "maxTrainSamples=64", "--set", "maxEvalSamples=32", "--threads", "1"];

let folder: string;

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(join(tmpdir(), "blora-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("blora", () => {
  test("answers a mistake in a name with one line, a suggestion and status 1", async () => {
    const { status, stderr, stdout } = await blora(["train", "--task", "mrcp"]);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringContaining('No task is called "mrcp". Did you mean mrpc'),
    ]);
  });

  test("answers an unknown flag with status 2", async () => {
    expect((await blora(["train", "--bogus"])).status).toBe(2);
  });

  test.each([
    [["train", "reviews.csv"], "'train'. Expected 0 arguments but got 1"],
    [["inspect", "runs/mine", "runs/other"], "'inspect'. Expected 1 argument but got 2"],
    [["sweep", "collect", "results"], "'collect'. Expected 0 arguments but got 1"],
  ])("refuses words of %j that it has no place for, with status 2", async (words, message) => {
    const { status, stdout, stderr } = await blora(words);
    expect([status, stdout, stderr.split("\n")[0]]).toEqual([2, "", `error: too many arguments for ${message}.`]);
  });

  test("names a file that is given for a folder", async () => {
    const file = join(folder, "reviews.csv");
    await writeFile(file, "text,label\n");
    for (const command of [["predict"], ["inspect"], ["merge", "--out", join(folder, "m"), "--adapter"]]) {
      const { status, stderr } = await blora([...command, file]);
      expect([status, stderr]).toEqual([1, expect.stringContaining(`blora: ${file}: expected a folder, or a name`)]);
    }
    expect((await blora(["report", file])).stderr).toBe(
      `blora: ${file}: expected a run directory, found no blora-run.json. Name the --out of a training run.\n`,
    );
  });

  test("answers a folder that is no model with one line that names it", async () => {
    const { status, stderr } = await blora(["train", "--model", "./no-such-folder", "--out", join(folder, "none")]);
    expect(status).toBe(1);
    expect(stderr).toContain("no-such-folder");
    expect(stderr).not.toContain("    at ");
  });

  test("trains, and scores the adapter it wrote as training did", async () => {
    const out = join(folder, "run");
    const trained = await blora(["train", "--out", out, "--json", ...tiny]);
    expect(trained.stderr).toBe("");
    expect(trained.status).toBe(0);
    const summary = JSON.parse(trained.stdout) as RunSummary;
    expect(summary).toMatchObject({ task: "builtin", steps: 12, interrupted: false, bops: { scope: "adapter" } });
    expect(JSON.parse(await readFile(join(out, "summary.json"), "utf8"))).toEqual(summary);

    const scored = await blora(["eval", out, "--json", "--set", "maxEvalSamples=32", "--threads", "1"]);
    expect(scored.status).toBe(0);
    const { splits } = JSON.parse(scored.stdout) as { splits: Record<string, { scores: Record<string, number> }> };
    expect(splits[summary.split]!.scores[summary.metric.name]).toBe(summary.metric.value);

    expect(await readFile(join(out, "report.html"), "utf8")).toContain('<figure id="figure-rank"');
    const reported = await blora(["report", out]);
    expect(reported.status).toBe(0);
    expect(reported.stdout).toContain(`page: ${join(out, "report.html")}`);
    expect(reported.stdout).toContain(`- accuracy: ${summary.metric.value!.toFixed(4)}`);

    const priced = await blora(["bops", "--adapter", out]);
    expect(priced.stdout).toContain(`${(100 * summary.bops.ratio).toFixed(3)} % of LoRA in 32 bit`);

    const onnx = join(folder, "onnx");
    const exported = await blora(["export", "--adapter", out, "--out", onnx, "--weights", "int8", "--json"]);
    expect(exported.stderr).toBe("");
    const { file, dtype, largestDifference, largestLogit } = JSON.parse(exported.stdout);
    expect({ file, dtype }).toEqual({ file: "onnx/model_quantized.onnx", dtype: "q8" });
    expect(largestDifference).toBeLessThan(0.2 * largestLogit);
  });

  test("saves and ends with 130 on an interrupt, and goes on from there", async () => {
    const out = join(folder, "interrupted");
    const args = [
      "train",
      "--method",
      "lora",
      "--out",
      out,
      ...tiny,
      "--set",
      "maxSteps=4000",
      "--set",
      "evalSteps=4000",
    ];
    let asked = false;
    const first = await blora(args, (text, kill) => {
      if (!asked && /step 50\/4000/.test(text)) {
        asked = true;
        kill("SIGINT");
      }
    });
    expect(first.status).toBe(130);
    let resumed = "";
    const second = await blora(args, (text, kill) => {
      resumed += text;
      if (/resumed at step/.test(resumed)) kill("SIGINT");
    });
    expect(second.status).toBe(130);
    expect(resumed).toMatch(/resumed at step \d\d+/);
    const other = await blora([...args, "--set", "learningRate=0.25"]);
    expect([other.status, other.stderr]).toEqual([
      1,
      `blora: ${out}: expected the settings this run was started with, found arguments.learningRate: 0.0005 -> 0.25. ` +
        "Choose another folder, start anew with --overwrite, or resume anyway with --allow-config-change.\n",
    ]);
  });

  test("prices a method before any training", async () => {
    const { stdout, status } = await blora(["bops", "--method", "lora", "--json"]);
    expect(status).toBe(0);
    const { report, baseline } = JSON.parse(stdout) as { report: { total: string }; baseline: { total: string } };
    expect(report.total).toBe(baseline.total);
  });

  test("shows LoRA, 2 bits everywhere and B-LoRA at half of their cost side by side", async () => {
    const out = join(folder, "demo");
    const { status, stdout } = await blora(["demo", "--out", out, "--steps", "2"]);
    expect(status).toBe(0);
    expect((await readdir(out)).sort()).toEqual(["blora-42", "lora-42", "uniform-2-42"]);
    const runs = stdout.split("\n").filter((line) => line.includes("adapter"));
    const cells = runs.map((line) => line.split("│").map((cell) => cell.trim()));
    expect(cells.map(([, name, , , , , , bops]) => [name, bops])).toEqual([
      ["LoRA", "100.0 %"],
      ["uniform 2 bits", "6.3 %"],
      ["B-LoRA", "3.1 %"],
    ]);
    expect(cells.slice(0, 2).map(([, , , , , ranks, bits]) => [ranks, bits])).toEqual([
      ["8.0", "32.0"],
      ["8.0", "2.0"],
    ]);
    const pictures = stdout.split(/\n(?:LoRA|uniform 2 bits|B-LoRA)\n/).slice(1);
    expect(pictures.map((picture) => picture.split("\n")[0]!.trim()).slice(0, 2)).toEqual([
      "all 24 sites  █8·32/32",
      "all 24 sites  █8·22222222",
    ]);
    expect(pictures[2]).toMatch(/^layer {2}/);
  });

  test("finds a working engine with doctor", async () => {
    const { stdout, status } = await blora(["doctor", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: "engine onnx", ok: true }));
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeManifest } from "@blora/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registryWith } from "../src/run/plugins.ts";
import { resolveEngine, resolveRun } from "../src/run/resolve.ts";
import { parseAssignment } from "../src/run/set-option.ts";

const runWith = (...set: string[]) => resolveRun({ set });

describe("--set", () => {
  test("reads values as JSON where they parse, else as text", () => {
    expect(parseAssignment("learningRate=1e-3")).toEqual({ path: ["learningRate"], value: 0.001 });
    expect(parseAssignment("lrSchedulerType=cosine")).toEqual({ path: ["lrSchedulerType"], value: "cosine" });
    expect(parseAssignment('targets=["query","value"]')).toEqual({ path: ["targets"], value: ["query", "value"] });
    expect(parseAssignment("a=b=c")).toEqual({ path: ["a"], value: "b=c" });
  });

  test.each(["learningRate", "=1", "a..b=1", "__proto__.x=1", "method.constructor=1"])("refuses %s", (text) => {
    expect(() => parseAssignment(text)).toThrow(
      `--set expects path=value, such as learningRate=1e-3 or method.rank=4; found "${text}"`,
    );
  });

  test("changes training arguments by their bare names, later flags winning", async () => {
    expect((await runWith("seed=1", "maxSteps=5", "seed=2")).arguments).toEqual({ seed: 2, maxSteps: 5 });
  });

  test("reaches options of components, and of components inside them", async () => {
    const phases = [
      "method.allocation=gates",
      "method.phases.warmup=0.2",
      "method.phases.gates=0.5",
      "method.phases.settle=0.3",
    ];
    const { method } = await runWith("method.rank=4", "method.quantizer.bits=[0,4]", ...phases);
    expect(writeManifest(method)).toMatchObject({
      $plugin: "method/blora",
      options: {
        rank: 4,
        phases: { warmup: 0.2, gates: 0.5, settle: 0.3 },
        quantizer: {
          $plugin: "quantizer/uniform",
          options: { bits: [0, 4], gate: { $plugin: "gate/hard-concrete" } },
        },
      },
    });
  });

  test("refuses options of a value that has none", async () => {
    await expect(runWith("method.rank=4", "method.rank.x=1")).rejects.toThrow("rank is 4 and has no options");
  });
});

test.each([
  [
    "engine",
    "engine.provdier=webgpu",
    'wrong options of engine "onnx": unknown key "provdier" (did you mean provider?)',
  ],
  ["task", "task.trainrows=100", 'wrong options of task "builtin": unknown key "trainrows" (did you mean trainRows'],
  ["method", "method.quantizer.gate.treshold=0.1", 'unknown key "treshold" (did you mean threshold?)'],
] as const)("a misspelled option of the %s is refused with the one that was meant", async (_, assignment, message) => {
  await expect(resolveRun({ set: [assignment] })).rejects.toThrow(message);
});

describe("an option without where it belongs is refused with its full path", () => {
  const tiny = fileURLToPath(new URL("recipes/tiny-blora.ts", import.meta.url));

  test.each([
    [{}, "rank=4", 'unknown key "rank" (did you mean method.rank?).'],
    [{}, "phases.warmup=1", 'unknown key "phases.warmup" (did you mean method.phases.warmup?).'],
    [
      {},
      "gate.threshold=0.1",
      'unknown key "gate.threshold" (did you mean method.quantizer.gate.threshold, method.siteQuantizer.gate.threshold?).',
    ],
    [{ method: "lora" }, "bits=[4]", 'unknown key "bits".'],
    [{ method: "lora" }, "lora.rank=4", 'unknown key "lora.rank" (did you mean method.rank?).'],
    [{ engine: "onnx" }, "threads=2", 'unknown key "threads" (did you mean engine.threads?).'],
    [{ engine: "tfjs" }, "threads=2", 'unknown key "threads".'],
    [{ config: tiny }, "bits=[4]", 'unknown key "bits" (did you mean method.quantizer.bits?).'],
    [{}, "learningRat=1", 'unknown key "learningRat" (did you mean learningRate, headLearningRate?).'],
    [{}, "learningRate.x=1", 'learningRate: expected number, found {"x":1}.'],
    // Before the data are asked for a column that the option names.
    [{ task: "classify", data: "nosuch.csv" }, "label=a", 'unknown key "label" (did you mean task.label?).'],
  ])("%j --set %s", async (request, assignment, problem) => {
    await expect(resolveRun({ ...request, set: [assignment] })).rejects.toThrow(
      expect.objectContaining({ name: "UsageError", message: `--set ${assignment}: ${problem}` }),
    );
  });

  test("also where a model alone is run", async () => {
    const registry = await registryWith([]);
    expect(() => resolveEngine({ set: ["threads=2"] }, registry)).toThrow(
      "--set threads=2: expected an option of the engine, such as engine.threads=<value>.",
    );
    expect(() => resolveEngine({ set: ["learningRate=2"] }, registry)).toThrow(
      "--set learningRate=2: expected an option of the engine, such as engine.precision=int8.",
    );
  });
});

describe("errors name the flags that they are about", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "blora-flags-"));
    writeFileSync(join(folder, "reviews.csv"), "review,stars\ngood,5\nbad,1\n");
    writeFileSync(join(folder, "unnamed.csv"), "a,b,c\n1,2,3\n");
    writeFileSync(join(folder, "short.csv"), "review,stars\ngood,5\nbad\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const seed = "task.validationSeed=1";

  test.each([
    ["reviews.csv", "task.label=star", "expected a label column star, found the columns review, stars"],
    ["reviews.csv", "task.labels=good", 'labels: expected array, found "good"'],
    ["reviews.csv", "task.train=first", "The split first is not in"],
    ["reviews.csv", "task.evaluation=[]", "evaluation: expected array to have >=1 items, found []"],
  ])("%s --set %s", async (file, assignment, problem) => {
    const run = resolveRun({ task: "classify", data: join(folder, file), set: [seed, assignment] });
    await expect(run).rejects.toThrow(
      expect.objectContaining({ name: "UsageError", message: expect.stringContaining(problem) }),
    );
    await expect(run).rejects.toThrow(new RegExp(`^--set ${assignment.replaceAll(/[[\]]/g, "\\$&")}: `));
  });

  test.each([
    ["unnamed.csv", "expected a column that is the label, found the columns a, b, c."],
    ["short.csv", "row 3: expected 2 cells (review, stars), found 1."],
    ["nosuch.csv", "expected a data file or a folder of them, found nothing."],
  ])("%s is at fault itself, whatever is set", async (file, problem) => {
    const data = join(folder, file);
    const run = resolveRun({ task: "classify", data, set: [seed, "method.rank=4"] });
    await expect(run).rejects.toThrow(problem);
    await expect(run).rejects.toThrow(
      expect.objectContaining({
        name: expect.not.stringMatching("UsageError"),
        message: expect.not.stringContaining("--set"),
      }),
    );
  });

  test("of several options of a component, that one", async () => {
    await expect(resolveRun({ set: ["method.rank=0", "method.alpha=3"] })).rejects.toThrow(
      /^--set method\.rank=0: method: /,
    );
  });
});

describe("run flags", () => {
  test("name tasks by the benchmark's short names", async () => {
    expect(writeManifest((await resolveRun({ task: "mrpc" })).task)).toMatchObject({
      $plugin: "task/glue",
      options: { task: "mrpc" },
    });
  });

  test("--bops-target is an option of the method, which --set may still change", async () => {
    const target = async (...set: string[]) =>
      writeManifest((await resolveRun({ bopsTarget: 0.25, set })).method).options;
    expect(await target()).toMatchObject({ bopsTarget: 0.25 });
    expect(await target("method.bopsTarget=0.1")).toMatchObject({ bopsTarget: 0.1 });
  });

  test.each([
    ["task", "sst", /No task is called "sst"\. Did you mean sst2/],
    ["method", "blorra", /No method is called "blorra"\. Did you mean blora/],
    ["engine", "onyx", /No engine is called "onyx"\. Did you mean onnx/],
  ])("suggest a near name for an unknown %s", async (flag, value, message) => {
    await expect(resolveRun({ [flag]: value })).rejects.toThrow(message);
  });
});

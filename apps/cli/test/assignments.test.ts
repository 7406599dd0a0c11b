import { writeManifest } from "@blora/core";
import { describe, expect, test } from "vitest";
import { resolveRun } from "../src/run/resolve.ts";
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

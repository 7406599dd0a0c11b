import { describe, expect, test } from "vitest";
import { runSettings } from "../src/commands/run-flags.ts";
import { registry } from "../src/registry.ts";
import { parseAssignment } from "../src/run/set-option.ts";

const flags = { task: "builtin", method: "blora", engine: "onnx", set: [] as string[] };
const settingsWith = (...set: string[]) => runSettings({ ...flags, set }, "out");

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

  test("changes training arguments by their bare names, later flags winning", () => {
    expect(settingsWith("seed=1", "maxSteps=5", "seed=2").arguments).toEqual({ seed: 2, maxSteps: 5 });
  });

  test("reaches options of components, and of components inside them", () => {
    const { method } = settingsWith("method.rank=4", "method.quantizer.bits=[0,4]", "method.phases.warmup=0.2");
    expect(method).toMatchObject({
      $plugin: "method/blora",
      options: {
        rank: 4,
        phases: { warmup: 0.2 },
        quantizer: {
          $plugin: "quantizer/uniform",
          options: { bits: [0, 4], gate: { $plugin: "gate/hard-concrete" } },
        },
      },
    });
  });

  test("refuses options of a value that has none", () => {
    expect(() => settingsWith("method.rank=4", "method.rank.x=1")).toThrow("rank is 4 and has no options");
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
] as const)("a misspelled option of the %s is refused with the one that was meant", (kind, assignment, message) => {
  expect(() => registry.resolve(settingsWith(assignment)[kind])).toThrow(message);
});

describe("run flags", () => {
  test("name tasks by the benchmark's short names", () => {
    expect(runSettings({ ...flags, task: "mrpc" }, "out").task).toEqual({
      $plugin: "task/glue",
      options: { task: "mrpc" },
    });
  });

  test("--bops-target is an option of the method, which --set may still change", () => {
    const method = (...set: string[]) => runSettings({ ...flags, bopsTarget: "0.25", set }, "out").method;
    expect(method()).toMatchObject({ options: { bopsTarget: 0.25 } });
    expect(method("method.bopsTarget=0.1")).toMatchObject({ options: { bopsTarget: 0.1 } });
  });

  test.each([
    ["task", "sst", /No task is called "sst"\. Did you mean sst2/],
    ["method", "blorra", /No method is called "blorra"\. Did you mean blora/],
    ["engine", "onyx", /No engine is called "onyx"\. Did you mean onnx/],
  ])("suggest a near name for an unknown %s", (flag, value, message) => {
    expect(() => runSettings({ ...flags, [flag]: value }, "out")).toThrow(message);
  });
});

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeManifest } from "@blora/core";
import { describe, expect, test } from "vitest";
import type { AdapterSettings } from "../src/run/adapter-settings.ts";
import type { RunRequest } from "../src/run/request.ts";
import { type ResolvedRun, resolveRun } from "../src/run/resolve.ts";

const recipe = (name: string) => fileURLToPath(new URL(`recipes/${name}.ts`, import.meta.url));
const config = recipe("every-setting");
const several = recipe("several");

const loraOf = (options: object) => ({ $plugin: "method/lora", options: expect.objectContaining(options) });
const blora = { $plugin: "method/blora", options: expect.objectContaining({ bopsTarget: 0.0625 }) };
const glueOf = (task: string) => ({ $plugin: "task/glue", options: expect.objectContaining({ task }) });
const engineOf = (id: string, options: object) => ({ $plugin: `engine/${id}`, options });

interface Row {
  readonly flag: RunRequest;
  read(run: ResolvedRun): unknown;
  readonly neither: unknown;
  readonly flagOnly: unknown;
  readonly configOnly: unknown;
  readonly both: unknown;
}

const rows: Readonly<Record<string, Row>> = {
  "--model": {
    flag: { model: "org/of-flag" },
    read: ({ model }) => model,
    neither: undefined,
    flagOnly: "org/of-flag",
    configOnly: "org/of-config",
    both: "org/of-flag",
  },
  "--task of another name": {
    flag: { task: "mrpc" },
    read: ({ task }) => writeManifest(task),
    neither: { $plugin: "task/builtin" },
    flagOnly: glueOf("mrpc"),
    configOnly: glueOf("rte"),
    both: glueOf("mrpc"),
  },
  "--task of the same name": {
    flag: { task: "rte" },
    read: ({ task }) => task.name,
    neither: "builtin",
    flagOnly: "rte",
    configOnly: "rte",
    both: "rte",
  },
  "--data": {
    flag: { data: "data-of-flag" },
    read: ({ data }) => data,
    neither: undefined,
    flagOnly: resolve("data-of-flag"),
    configOnly: resolve("data-of-config"),
    both: resolve("data-of-flag"),
  },
  "--method": {
    flag: { method: "lora" },
    read: ({ method }) => writeManifest(method),
    neither: blora,
    flagOnly: loraOf({ rank: 8 }),
    configOnly: loraOf({ rank: 3, alpha: 5 }),
    both: loraOf({ rank: 8 }),
  },
  "--set method.rank": {
    flag: { set: ["method.rank=4"] },
    read: ({ method }) => writeManifest(method),
    neither: blora,
    flagOnly: { $plugin: "method/blora", options: expect.objectContaining({ rank: 4, bopsTarget: 0.0625 }) },
    configOnly: loraOf({ rank: 3, alpha: 5 }),
    both: loraOf({ rank: 4, alpha: 5 }),
  },
  "--bops-target": {
    flag: { method: "blora", bopsTarget: 0.5 },
    read: ({ method }) => writeManifest(method).options,
    neither: expect.objectContaining({ bopsTarget: 0.0625 }),
    flagOnly: expect.objectContaining({ bopsTarget: 0.5 }),
    configOnly: expect.not.objectContaining({ bopsTarget: expect.anything() }),
    both: expect.objectContaining({ bopsTarget: 0.5 }),
  },
  "--set task.task": {
    flag: { set: ["task.task=cola"] },
    read: ({ task }) => task.name,
    neither: "builtin",
    flagOnly: "cola",
    configOnly: "rte",
    both: "cola",
  },
  "--engine": {
    flag: { engine: "onnx" },
    read: ({ engine }) => writeManifest(engine),
    neither: engineOf("onnx", {}),
    flagOnly: engineOf("onnx", {}),
    configOnly: engineOf("tfjs", { backend: "wasm" }),
    both: engineOf("onnx", {}),
  },
  "--threads": {
    flag: { engine: "onnx", threads: 2 },
    read: ({ engine }) => writeManifest(engine),
    neither: engineOf("onnx", {}),
    flagOnly: engineOf("onnx", { threads: 2 }),
    configOnly: engineOf("tfjs", { backend: "wasm" }),
    both: engineOf("onnx", { threads: 2 }),
  },
  "--backend": {
    flag: { engine: "tfjs", backend: "cpu" },
    read: ({ engine }) => writeManifest(engine).options,
    neither: {},
    flagOnly: { backend: "cpu" },
    configOnly: { backend: "wasm" },
    both: { backend: "cpu" },
  },
  "--seed": {
    flag: { seed: 9 },
    read: ({ arguments: { seed } }) => seed,
    neither: undefined,
    flagOnly: 9,
    configOnly: 5,
    both: 9,
  },
  "--set of arguments": {
    flag: { seed: 9, set: ["seed=8", "maxSteps=3"] },
    read: (run) => run.arguments,
    neither: {},
    flagOnly: { seed: 8, maxSteps: 3 },
    configOnly: { seed: 5, maxSteps: 7, maxSeqLength: 64 },
    both: { seed: 8, maxSteps: 3, maxSeqLength: 64 },
  },
  "--out": {
    flag: { out: "runs/of-flag" },
    read: ({ out }) => out,
    neither: resolve("runs/builtin-blora-42"),
    flagOnly: resolve("runs/of-flag"),
    configOnly: resolve("runs/of-config"),
    both: resolve("runs/of-flag"),
  },
  "--revision and --offline": {
    flag: { revision: "v2", offline: true },
    read: ({ revision, offline }) => [revision, offline],
    neither: [undefined, undefined],
    flagOnly: ["v2", true],
    configOnly: [undefined, undefined],
    both: ["v2", true],
  },
};

describe.each(Object.entries(rows))("%s", (_, { flag, read, ...expected }) => {
  // An option of GLUE's, and data that are not there, ask for a task of GLUE.
  const isOfGlue = flag.set?.[0]?.startsWith("task.") || flag.data !== undefined;
  // A revision is one of a model of the Hub.
  const base: RunRequest = { ...(isOfGlue && { task: "mrpc" }), ...(flag.revision && { model: "org/encoder" }) };
  test.each([
    ["neither", {}],
    ["flagOnly", { ...base, ...flag }],
    ["configOnly", { config }],
    ["both", { ...flag, config }],
  ] as const)("%s", async (place, request) => {
    expect(read(await resolveRun(request))).toEqual(expected[place]);
  });
});

test("keeps a component of the config file itself where no flag changes it", async () => {
  const run = await resolveRun({ config: recipe("bug") });
  expect(run.method.training?.beforeStep).toThrow("the plan has no step");
});

test("names the run folder after what is run", async () => {
  const { out } = await resolveRun({
    config: recipe("tiny"),
    model: "org/encoder",
    task: "rte",
    method: "blora",
    set: ["seed=3"],
  });
  expect(out).toBe(resolve("runs/encoder-rte-blora-3"));
});

describe("an adapter", () => {
  const adapter: AdapterSettings = {
    folder: "runs/x/adapter",
    base: { model: "org/base" },
    method: { $plugin: "method/lora", options: { rank: 6 } },
    task: "cola",
    maxSeqLength: 32,
  };

  test("says what neither flags nor a config file do", async () => {
    const run = await resolveRun({}, adapter);
    expect([run.model, run.task.name, run.arguments]).toEqual(["org/base", "cola", { maxSeqLength: 32 }]);
    expect(writeManifest(run.method)).toEqual(loraOf({ rank: 6 }));
  });

  test("is evaluated on the task as it was trained, at the commit of its base model", async () => {
    const manifest = { $plugin: "task/instruct", options: { template: "plain", evaluation: ["dev"] } } as const;
    const trained: AdapterSettings = {
      ...adapter,
      base: { model: "org/base", revision: "c0ffee" },
      task: "instruct",
      taskManifest: manifest,
    };
    for (const request of [{}, { task: "instruct" }, { model: "org/base" }]) {
      const run = await resolveRun(request, trained);
      expect([run.task.manifest, run.model, run.revision]).toEqual([manifest, "org/base", "c0ffee"]);
    }
    const changed = await resolveRun({ set: ["task.template=chatml"], revision: "v2" }, trained);
    expect(changed.task.manifest.options).toEqual({ template: "chatml", evaluation: ["dev"] });
    expect([changed.model, changed.revision]).toEqual(["org/base", "v2"]);
    const other = await resolveRun({ task: "rte", model: "org/other" }, trained);
    expect([other.task.name, other.model, other.revision]).toEqual(["rte", "org/other", undefined]);
  });

  test("gives way to both", async () => {
    const flags = await resolveRun({ model: "m", task: "rte", method: "blora", set: ["maxSeqLength=16"] }, adapter);
    expect([flags.model, flags.task.name, flags.arguments]).toEqual(["m", "rte", { maxSeqLength: 16 }]);
    expect(writeManifest(flags.method)).toEqual(blora);
    const file = await resolveRun({ config }, adapter);
    expect([file.model, file.task.name, file.arguments.maxSeqLength]).toEqual(["org/of-config", "rte", 64]);
  });
});

describe("what cannot be merged is an error", () => {
  test.each<[string, RunRequest, string]>([
    [
      "an option of a method that does not say how it was made",
      { config: several, task: "rte", set: ["method.rank=4"] },
      `--set method.rank=4: expected a method in ${several} that a plugin made, found one that does not say how it was made. Change it there, or name another with --method.`,
    ],
    [
      "several runs and no task",
      { config: several },
      `${several} has a run for each of several tasks. Choose one with --task: builtin, rte.`,
    ],
    [
      "several runs and a task that none is on",
      { config: several, task: "rtf" },
      `${several} has no run on the task "rtf". Did you mean rte? Choose one with --task: builtin, rte.`,
    ],
    [
      "a value of another type for an argument",
      { set: ["learningRate=fast"] },
      '--set learningRate=fast: learningRate: expected number, found "fast".',
    ],
    [
      "an option that the engine of the config file does not have",
      { config, threads: 2 },
      '--threads 2: engine: wrong options of engine "tfjs": unknown key "threads" (expected backend, moduleFolder, precision).',
    ],
    [
      "a value of another type for an option",
      { config, set: ["method.rank=high"] },
      '--set method.rank=high: method: wrong options of method "lora": rank: expected number, found "high".',
    ],
  ])("%s", async (_, request, message) => {
    await expect(resolveRun(request)).rejects.toThrow(message);
  });
});

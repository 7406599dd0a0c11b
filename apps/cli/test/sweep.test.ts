import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtinModelFolder } from "@blora/builtin";
import { lockFolder } from "@blora/files";
import type { Results } from "@blora/report";
import { currentRecords, readRecords } from "@blora/runs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfigs } from "../src/run/config-file.ts";
import { type PlannedRun, planSweep, type Recipe } from "../src/sweep/plan.ts";
import { parseSeeds } from "../src/sweep/seeds.ts";
import long from "./recipes/long.ts";
import tiny from "./recipes/tiny.ts";
import { blora, requireBuild } from "./run-blora.ts";

/** A copy of the built-in model with the last bit of one weight turned. */
async function writeOtherWeights(to: string): Promise<void> {
  await cp(builtinModelFolder(), to, { recursive: true });
  const file = join(to, "model.safetensors");
  const bytes = await readFile(file);
  bytes[bytes.length - 4]! ^= 1;
  await writeFile(file, bytes);
}

const recipe = (name: string) => fileURLToPath(new URL(`recipes/${name}.ts`, import.meta.url));

const recipes: readonly Recipe[] = [
  { file: recipe("tiny"), configs: [tiny] },
  { file: recipe("long"), configs: [long] },
];

let folder: string;

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(join(tmpdir(), "blora-sweep-"));
});
afterAll(() => rm(folder, { recursive: true }));

function sweep(name: string, args: readonly string[], onOutput?: Parameters<typeof blora>[1]) {
  const out = join(folder, name);
  return blora(["sweep", ...args, "--out", out, "--runs", join(out, "folders"), "--threads", "1"], onOutput);
}

describe("--seeds", () => {
  test.each([
    ["3", [1, 2, 3]],
    ["4,9,4", [4, 9]],
    ["2026,", [2026]],
  ])("reads %s", (text, seeds) => {
    expect(parseSeeds(text)).toEqual(seeds);
  });

  test.each(["", ",", "0", "-1", "two", "1,,2", "1,2.5", "5000000000,1", "99999999999"])("refuses %j", (text) => {
    expect(() => parseSeeds(text)).toThrow(/^--seeds expects/);
  });

  test("takes a seed for no count", () => {
    expect(() => parseSeeds("123456")).toThrow(
      '--seeds expects a count up to 10000, found "123456". For that one seed write 123456,',
    );
  });
});

describe("the plan of a sweep", () => {
  test("runs the first seed of every recipe before the second of any", async () => {
    const plan = await planSweep(recipes, [1, 2]);
    expect(plan.map((run) => `${run.recipe} ${run.seed}`)).toEqual(["tiny 1", "long 1", "tiny 2", "long 2"]);
  });

  test("knows a run by what its result depends on", async () => {
    const [tiny, long] = await planSweep(recipes, [1]);
    expect(tiny!.settings).toMatchObject({
      modelSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      task: { name: "builtin", manifest: { $plugin: "task/builtin" } },
      method: { $plugin: "method/lora", options: { rank: 2 } },
      data: { train: { split: "train", rows: 64, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      arguments: { maxSteps: 12, learningRate: 5e-4 },
    });
    expect(tiny!.settings.arguments).not.toHaveProperty("seed");
    expect(tiny!.settings.arguments).not.toHaveProperty("saveSteps");
    expect(tiny!.settings).not.toHaveProperty("engine");
    expect(tiny!.settings).not.toHaveProperty("model");
    expect(tiny!.settingsId).not.toBe(long!.settingsId);
    expect(tiny!.name).toBe(`builtin-lora-${tiny!.settingsId}-1`);
  });
});

describe("two models of one last name", () => {
  const models: readonly Recipe[] = ["model-a", "model-b"].map((name) => ({ file: recipe(name), configs: [] }));
  const planned = async () => {
    const read = await Promise.all(models.map(async ({ file }) => ({ file, configs: await readConfigs(file) })));
    return planSweep(read, [1]);
  };

  beforeAll(async () => {
    process.env.BLORA_TEST_FOLDER = folder;
    await cp(builtinModelFolder(), join(folder, "a", "m"), { recursive: true });
    await writeOtherWeights(join(folder, "b", "m"));
  });
  afterAll(() => {
    delete process.env.BLORA_TEST_FOLDER;
  });

  test("are two runs, and one that changed where it lies is a third", async () => {
    const before = await planned();
    expect(before.map(({ recipe, model }) => [recipe, model])).toEqual([
      ["model-a", "m"],
      ["model-b", "m"],
    ]);
    expect(new Set(before.map(({ name }) => name)).size).toBe(2);
    await writeOtherWeights(join(folder, "a", "m"));
    const after = await planned();
    expect(after.map(({ settingsId }) => settingsId)).toEqual([before[1]!.settingsId]);
  });

  test("with another tokenizer are another run", async () => {
    const [before] = await planned();
    const file = join(folder, "a", "m", "tokenizer.json");
    const tokenizer = JSON.parse(await readFile(file, "utf8"));
    const pieces = tokenizer.model.vocab;
    [pieces["▁the"], pieces["▁a"]] = [pieces["▁a"], pieces["▁the"]];
    await writeFile(file, JSON.stringify(tokenizer));
    const [after] = await planned();
    expect(after!.settings.modelSha256).toBe(before!.settings.modelSha256);
    expect(after!.settingsId).not.toBe(before!.settingsId);
  });
});

describe("blora sweep", () => {
  test("refuses a reference that is no recipe", async () => {
    const { status, stderr } = await sweep("reference", [recipe("tiny"), "--reference", "lora", "--dry-run"]);
    expect([status, stderr]).toEqual([2, "blora: --reference lora: expected a recipe of this sweep, tiny.\n"]);
  });

  test("leaves a run to the process that makes it, waits, and makes it where that gave it up", async () => {
    const [{ name }] = (await planSweep(recipes.slice(0, 1), [1])) as [PlannedRun];
    const runFolder = join(folder, "twice", "folders", name);
    await mkdir(runFolder, { recursive: true });
    const lock = await lockFolder(runFolder);
    const { status, stdout, stderr } = await sweep("twice", [recipe("tiny")], (text) => {
      if (text.includes("waiting")) void lock.release();
    });
    expect(stderr).toContain(`waiting for another process: ${name}\n`);
    expect([status, stdout]).toEqual([0, expect.stringContaining("1 of 1 runs done")]);
    const records = [...(await readRecords(join(folder, "twice"))).values()];
    expect(records.map(({ outcome }) => outcome.status)).toEqual(["done"]);
  });

  test("records a crash and goes on, repeats nothing that is done, and tries again what failed", async () => {
    const first = await sweep("crash", [
      recipe("crash"),
      recipe("tiny"),
      "--seeds",
      "2",
      "--reference",
      "tiny",
      "--json",
    ]);
    expect(first.status).toBe(1);
    const { rows, failures } = JSON.parse(first.stdout) as Results;
    expect(failures.map(({ recipe, seed, error }) => [recipe, seed, error])).toEqual([
      ["crash", 1, "The training process ended by SIGSEGV."],
      ["crash", 2, "The training process ended by SIGSEGV."],
    ]);
    expect(rows).toMatchObject([{ recipe: "tiny", steps: 12, rows: { train: 64, eval: 32 }, cost: 1 }]);
    expect(rows[0]!.seeds.map(({ seed }) => seed)).toEqual([1, 2]);

    const again = await sweep("crash", [recipe("tiny"), recipe("crash"), "--seeds", "2"]);
    expect(again.stderr.match(/ seed \d/g)).toEqual([" seed 1", " seed 2"]);
    expect(again.stderr).not.toContain("tiny, ");
    expect(again.stderr).not.toContain("waiting");
    expect((await readdir(join(folder, "crash"))).sort()).toEqual([
      "folders",
      "front.svg",
      "results.json",
      "results.md",
      "runs",
    ]);
    const table = await readFile(join(folder, "crash", "results.md"), "utf8");
    expect(table).toMatch(/\| builtin \| tiny \| 12 \| 64\/32 \| 1, 2 \| accuracy \| 0\.\d{4} ± 0\.\d{4} \|/);
    expect(table).toContain("- builtin, crash, seed 2: The training process ended by SIGSEGV.");
  });

  test("draws the page of a run that was killed between its summary and its page", async () => {
    const run = async () => {
      const { status } = await sweep("unrecorded", [recipe("tiny"), "--seeds", "1"]);
      expect(status).toBe(0);
      return join(folder, "unrecorded", "folders", [...(await readRecords(join(folder, "unrecorded"))).keys()][0]!);
    };
    const page = join(await run(), "report.html");
    await rm(page);
    await rm(join(folder, "unrecorded", "runs"), { recursive: true });
    expect(join(await run(), "report.html")).toBe(page);
    expect(await readFile(page, "utf8")).toContain("<title>");
  });

  test("finishes the step on an interrupt, ends with 130, and goes on from there", async () => {
    const interruptAt = (pattern: RegExp) => {
      let seen = "";
      return (text: string, kill: (signal: NodeJS.Signals) => void) => {
        const before = seen;
        seen += text;
        if (pattern.test(seen) && !pattern.test(before)) kill("SIGINT");
      };
    };
    const first = await sweep("stop", [recipe("long")], interruptAt(/step 50\//));
    expect(first.status).toBe(130);
    expect(await readRecords(join(folder, "stop"))).toEqual(new Map());
    const second = await sweep("stop", [recipe("long")], interruptAt(/resumed at step \d\d/));
    expect(second.stderr).toMatch(/resumed at step \d\d/);
    expect(second.status).toBe(130);
  });

  test("drops from the table what a changed recipe no longer asks for, and nothing else", async () => {
    const plan = await planSweep(recipes.slice(0, 1), [1]);
    const { recipeFile: _, ...planned } = plan[0]!;
    const record = { formatVersion: 2, machine: {}, outcome: { status: "failed", error: "" }, ...planned } as never;
    const records = [
      record,
      { ...(record as object), settingsId: "00000000" },
      { ...(record as object), settingsId: "11111111", task: "rte" },
      { ...(record as object), recipe: "renamed" },
    ] as never[];
    expect(currentRecords(records, plan).map(({ recipe, task, settingsId }) => [recipe, task, settingsId])).toEqual([
      ["tiny", "builtin", planned.settingsId],
      ["tiny", "rte", "11111111"],
      ["tiny", "builtin", planned.settingsId],
    ]);
    const shown = [{ recipe: "tiny", task: "builtin", settingsId: "00000000" }];
    expect(currentRecords(records.slice(0, 3), [], shown).map(({ task, settingsId }) => [task, settingsId])).toEqual([
      ["builtin", "00000000"],
      ["rte", "11111111"],
    ]);
  });

  test("refuses what no run could use before the first", async () => {
    const { status, stderr } = await sweep("refused", [recipe("tiny"), "--engine", "onyx"]);
    expect(status).toBe(1);
    expect(stderr).toBe(
      'blora: No engine is called "onyx". Did you mean onnx? Engines: onnx, tfjs; others come with --plugin.\n',
    );
  });

  test("ends where its table cannot be written, and keeps the record", { timeout: 60_000 }, async () => {
    const results = join(folder, "no-table", "results.md");
    await mkdir(join(results, "in the way"), { recursive: true });
    const { status, stderr } = await sweep("no-table", [recipe("tiny")]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("results.md")]);
    expect([...(await readRecords(join(folder, "no-table"))).values()]).toMatchObject([
      { outcome: { status: "done" } },
    ]);
  });

  test("makes no run where results have no place", async () => {
    await writeFile(join(folder, "a-file"), "");
    const runs = join(folder, "runs-of-none");
    const { status, stderr } = await blora(["sweep", recipe("tiny"), "--out", join(folder, "a-file"), "--runs", runs]);
    expect([status, stderr]).toEqual([1, expect.stringContaining(join(folder, "a-file"))]);
    expect(existsSync(runs)).toBe(false);
  });

  test("names a record that is no JSON", async () => {
    const runs = join(folder, "damaged", "runs");
    await mkdir(runs, { recursive: true });
    await writeFile(join(runs, "cut.json"), '{"formatVersion":1,');
    const { status, stderr } = await sweep("damaged", [recipe("tiny")]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/cut\.json: expected JSON: .*\. Remove it to run again\./s);
  });
});

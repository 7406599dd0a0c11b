import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "@blora/runs";
import { expect, it } from "vitest";
import { type FilesInMemory, predictInMemory, train, trainInMemory } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

function inMemory() {
  const { outputDirectory: _, ...run } = tinyRun("nowhere");
  return { ...run, arguments: { ...TINY_ARGUMENTS, saveSteps: 2 } };
}

it("ends with the bytes and the log of the run directory", async () => {
  const folder = temporaryFolder();
  const run = tinyRun(join(folder, "on-disk"));
  const onDisk = await train({ ...run, arguments: { ...TINY_ARGUMENTS, saveSteps: 2 } });
  const log: unknown[] = [];
  const { summary, files, answers } = await trainInMemory({ ...inMemory(), onMetrics: (record) => log.push(record) });
  const adapter = join(folder, "on-disk", "adapter");
  expect([...files.keys()].sort()).toEqual(readdirSync(adapter).sort());
  for (const name of [...files.keys()].filter((file) => file.endsWith(".safetensors"))) {
    expect(Buffer.from(files.get(name)!).equals(readFileSync(join(adapter, name)))).toBe(true);
  }
  expect(summary.metrics).toEqual(onDisk.metrics);
  expect(summary.adapterSizes).toEqual(onDisk.adapterSizes);
  expect(onDisk.peakRssBytes).toBeGreaterThan(0);
  expect(summary).not.toHaveProperty("peakRssBytes");
  expect(answers).toEqual(JSON.parse(readFileSync(join(folder, "on-disk", "answers.json"), "utf8")));
  const timeless = (record: object) => ({ ...record, tokensPerSecond: 0 });
  const written = readFileSync(join(folder, "on-disk", "metrics.jsonl"), "utf8")
    .trim()
    .split("\n");
  expect(JSON.parse(JSON.stringify(log.map((record) => timeless(record as object))))).toEqual(
    written.map((line) => timeless(JSON.parse(line))),
  );
});

it("goes on from where it was stopped with the same losses, and refuses another setting", async () => {
  const losses = { whole: [] as number[], parts: [] as number[] };
  const into = (list: number[]) => (event: RunEvent) => {
    if (event.type === "step") list.push(event.loss);
  };
  const whole = await trainInMemory({ ...inMemory(), onEvent: into(losses.whole) });
  let kept: FilesInMemory | undefined;
  const stopped = await trainInMemory({
    ...inMemory(),
    onEvent: into(losses.parts),
    shouldStop: () => losses.parts.length === 3,
    onCheckpoint: async ({ files }) => {
      kept = files;
    },
  });
  expect([stopped.summary.interrupted, stopped.files.size]).toEqual([true, 0]);
  const resumed = await trainInMemory({ ...inMemory(), resume: kept!, onEvent: into(losses.parts) });
  expect(losses.whole.length).toBeGreaterThan(3);
  expect(losses.parts).toEqual(losses.whole);
  for (const [name, bytes] of whole.files) expect(Buffer.from(bytes).equals(resumed.files.get(name)!)).toBe(true);
  const other = { ...inMemory(), arguments: { ...TINY_ARGUMENTS, saveSteps: 2, learningRate: 1 }, resume: kept! };
  await expect(trainInMemory(other)).rejects.toThrow(/found arguments\.learningRate: .* -> 1\. Start anew/);
  await expect(trainInMemory({ ...inMemory(), resume: new Map() })).rejects.toThrow(
    "Expected a checkpoint with run.json, found no files.",
  );
});

it("answers as the weights say, and otherwise before training", async () => {
  const { weights } = await trainInMemory(inMemory());
  const parts = inMemory();
  const { examples } = await parts.task.load(parts.task.splits.evaluation[0]!, undefined);
  const [before, after] = [
    await predictInMemory({ ...parts, examples: examples.slice(0, 3) }),
    await predictInMemory({ ...parts, examples: examples.slice(0, 3), weights }),
  ];
  expect(before.logits).toHaveLength(after.logits.length);
  expect([...after.logits]).not.toEqual([...before.logits]);
  const alone = await predictInMemory({ ...parts, examples: [examples[1]!], weights });
  const C = after.logits.length / 3;
  alone.logits.forEach((value, index) => void expect(value).toBeCloseTo(after.logits[C + index]!, 5));
});

it("answers no more tokens at once than a pass may have", async () => {
  const { engine, ...parts } = inMemory();
  const { examples } = await parts.task.load(parts.task.splits.evaluation[0]!, undefined);
  const stepsOf = async (maxTokensPerPass: number) => {
    const names = new Set<string>();
    const compile: typeof engine.compile = (definition) => {
      names.add(definition.name);
      return engine.compile(definition);
    };
    const run = { ...parts, arguments: { ...parts.arguments, maxTokensPerPass }, engine: { ...engine, compile } };
    await predictInMemory({ ...run, examples: examples.slice(0, 4) });
    return [...names];
  };
  expect(await stepsOf(1000)).toEqual(["evaluate 4x16"]);
  expect(await stepsOf(32)).toEqual(["evaluate 2x16"]);
});

import type { LabelTask, LoadOptions } from "@blora/spec";
import { expect, test } from "vitest";
import { evaluate } from "../src/evaluate.ts";
import { predict } from "../src/predict.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { letterExamples, letterTask } from "./tiny-problem.ts";
import { tinyRun } from "./tiny-run.ts";

const ROWS = 1100;
let loads = 0;
let lastUse: LoadOptions | undefined;
const examples = letterExamples(ROWS, "new").map((example, row) => {
  const { label, ...unlabelled } = example;
  return row % 2 === 0 ? example : unlabelled;
});
const task: LabelTask = {
  ...letterTask(),
  load: async (name, _, use) => {
    loads++;
    lastUse = use;
    return { name, examples, notes: ["a note"] };
  },
};
const tiny = () => tinyRun(temporaryFolder(), { task });

test("rows are loaded once and answered as an evaluation answers them, labelled or not", async () => {
  const run = tiny();
  loads = 0;
  const predictions = await predict({ ...run, split: "new" });
  expect([loads, lastUse]).toEqual([1, { unlabelled: true }]);
  const { splits } = await evaluate({ ...run, splits: ["new"] });
  expect(predictions!.logits).toHaveLength(2 * ROWS);
  const { logits } = splits.new!;
  for (const row of [0, 1023, 1024, ROWS - 1]) expect(predictions!.logits[2 * row]).toBeCloseTo(logits[2 * row]!, 4);
  expect(predictions).toMatchObject({ head: task.head, examples, notes: ["a note"] });
  expect(predictions).not.toHaveProperty("words");
});

test("parts that are known are not computed again, and the others do not depend on it", async () => {
  const run = tiny();
  const parts: Float32Array[] = [];
  const settings: unknown[] = [];
  const openStore = (known: readonly Float32Array[]) => async (given: unknown) => {
    settings.push(given);
    return {
      known: new Map(known.entries()),
      append: (_: number, logits: Float32Array) => void parts.push(logits),
    };
  };
  const done: number[] = [];
  const whole = await predict({ ...run, split: "new", openStore: openStore([]), onRows: (_, rows) => done.push(rows) });
  expect(parts.map(({ length }) => length)).toEqual([2048, 152]);
  expect(done.at(-1)).toBe(ROWS);
  const marked = parts[0]!.map(() => 7);
  const resumed = await predict({ ...run, split: "new", openStore: openStore([marked]) });
  expect(resumed!.logits.subarray(0, 2048)).toEqual(marked);
  expect(resumed!.logits.subarray(2048)).toEqual(whole!.logits.subarray(2048));
  expect(settings[1]).toEqual(settings[0]);
  const other = { ...task, load: async (name: string) => ({ name, examples: examples.slice(1) }) };
  await predict({ ...tinyRun(temporaryFolder(), { task: other }), split: "new", openStore: openStore([]) });
  expect(settings[2]).not.toEqual(settings[0]);
});

test("shards answer what one alone answers, to the last bit", async () => {
  const known = new Map<number, Float32Array>();
  const order: number[] = [];
  const openStore = async () => ({
    known,
    append(part: number, logits: Float32Array) {
      order.push(part);
      known.set(part, logits);
    },
  });
  const run = { ...tiny(), split: "new" };
  expect(await predict({ ...run, openStore, shard: { index: 1, count: 2 } })).toBeUndefined();
  await predict({ ...run, openStore, shard: { index: 0, count: 2 } });
  expect(order).toEqual([1, 0]);
  expect((await predict({ ...run, openStore }))!.logits).toEqual((await predict(run))!.logits);
  expect(order).toEqual([1, 0]);
});

test("a request to stop ends it after what is kept", async () => {
  const run = tiny();
  const parts: Float32Array[] = [];
  const openStore = async () => ({
    known: new Map(),
    append: (_: number, logits: Float32Array) => void parts.push(logits),
  });
  expect(await predict({ ...run, split: "new", openStore, shouldStop: () => parts.length === 1 })).toBeUndefined();
  expect(parts).toHaveLength(1);
});

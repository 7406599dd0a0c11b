import { existsSync } from "node:fs";
import { join } from "node:path";
import { ops } from "@blora/tensor";
import { testTask, useCpuBackend } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { builtinModelFolder, builtinTask } from "../src/index.ts";

testTask(builtinTask());

describe("built-in task", () => {
  useCpuBackend();
  const task = builtinTask();

  test("holds 4,000 rows to train on and 1,000 to evaluate", async () => {
    expect((await task.load("train", undefined)).examples).toHaveLength(4000);
    expect((await task.load("validation", undefined)).examples).toHaveLength(1000);
    expect((await builtinTask({ trainRows: 7 }).load("train", undefined)).examples).toHaveLength(7);
  });

  test("scores by accuracy, ties going to the first class", () => {
    expect(task.score(Float32Array.of(0, 1, 1, 0, 2, 2, 0, 1), [1, 0, 1, 1])).toEqual({ accuracy: 0.75 });
    expect(task.majority([1, 0, 0, 0])).toEqual({ accuracy: 0.75 });
  });

  test("takes the cross entropy of each row", async () => {
    const logits = ops.tensor([
      [0, Math.log(3)],
      [0, Math.log(3)],
    ]);
    const [first, second] = await task.loss(logits, ops.tensor([0, 1], [2], "int32")).data();
    expect(first).toBeCloseTo(Math.log(4), 6);
    expect(second).toBeCloseTo(Math.log(4 / 3), 6);
  });

  test("refuses a data folder, another split, impossible sizes and nothing to score", async () => {
    await expect(task.load("train", "/data")).rejects.toThrow("expected no data folder, found /data");
    await expect(task.load("test", undefined)).rejects.toThrow("has the splits train and validation, not test");
    expect(() => builtinTask({ trainRows: 0 })).toThrow(/Options of task "builtin": trainRows: .*, found 0/);
    expect(() => builtinTask({ trainrows: 8 } as never)).toThrow('"trainrows" (did you mean trainRows');
    expect(() => task.score(Float32Array.of(1, 2), [])).toThrow("Expected 2 logits for each of 0 labels");
  });

  test("writes a manifest that makes it again", () => {
    expect(JSON.parse(JSON.stringify(builtinTask({ trainRows: 8 })))).toEqual({
      $plugin: "task/builtin",
      options: { trainRows: 8 },
    });
  });
});

test("the model folder holds a configuration and a tokenizer", () => {
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    expect(existsSync(join(builtinModelFolder(), file)), file).toBe(true);
  }
});

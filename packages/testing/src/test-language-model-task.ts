import type { Described, LanguageModelTask } from "@blora/spec";
import { describe, expect, test } from "vitest";
import type { TaskKitOptions } from "./task-kit-options.ts";
import { testManifest } from "./test-manifest.ts";
import { createTestTokenizer } from "./test-tokenizer.ts";

const MAX_LENGTH = 16;
const LONG = 4096;

/** The laws of tasks whose text is continued. */
export function testLanguageModelTask(task: LanguageModelTask & Described<"task">, options: TaskKitOptions): void {
  const { folder, load = true } = options;
  const tokenizer = createTestTokenizer();
  const trainingExamples = async () => (await task.load(task.splits.train, folder)).examples;

  describe("language-model task laws", () => {
    testManifest(task, "task");

    test.skipIf(!load)("every row has an origin and something to learn", async () => {
      for (const name of [task.splits.train, ...task.splits.evaluation]) {
        const { examples } = await task.load(name, folder);
        expect(examples.length, name).toBeGreaterThan(0);
        for (const example of examples) {
          expect(example.origin).not.toBe("");
          expect(task.encode(example, tokenizer, LONG).targets?.length, example.origin).toBeGreaterThan(0);
        }
      }
    });

    test.skipIf(!load)(
      "targets are tokens with something before them, in order, within the longest length",
      async () => {
        for (const example of await trainingExamples()) {
          for (const length of [MAX_LENGTH, LONG]) {
            const { inputIds, tokenTypeIds, targets = [], truncated } = task.encode(example, tokenizer, length);
            expect(inputIds.length).toBeLessThanOrEqual(length);
            expect(tokenTypeIds.length).toBe(inputIds.length);
            expect(targets).toEqual([...new Set(targets)].sort((a, b) => a - b));
            expect(targets.every((index) => index > 0 && index < inputIds.length)).toBe(true);
            if (length === LONG) expect(truncated).toBe(false);
          }
        }
      },
    );

    test.skipIf(!load)("what is cut is the end: a shorter row begins as the whole one does", async () => {
      for (const example of await trainingExamples()) {
        const whole = task.encode(example, tokenizer, LONG);
        const cut = task.encode(example, tokenizer, MAX_LENGTH);
        expect(cut.truncated).toBe(whole.inputIds.length > MAX_LENGTH);
        expect(cut.inputIds).toEqual(whole.inputIds.slice(0, MAX_LENGTH));
        expect(cut.targets).toEqual(whole.targets?.filter((target) => target < MAX_LENGTH));
      }
    });

    test("likelier targets never score worse", () => {
      const rows = (logLikelihood: number) =>
        [4, 1, 3, 2].map((tokens) => ({ logLikelihood: logLikelihood * tokens, tokens }));
      const score = (logLikelihood: number) =>
        task.score(rows(logLikelihood).map((row, index) => ({ ...row, label: index % 2 })))[task.primaryMetric];
      expect(score(-0.5)).toBeGreaterThanOrEqual(score(-2)!);
      expect(Number.isFinite(score(-0.5))).toBe(true);
    });
  });
}

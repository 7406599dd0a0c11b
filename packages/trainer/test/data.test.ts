import { tokenFeeds } from "@blora/network";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Batch, planEpoch, planEvaluation, splitBatch } from "../src/data/buckets.ts";
import { encodeSplit, requireAnswers } from "../src/data/encoded-split.ts";
import { planTraining } from "../src/data/epochs.ts";
import { chooseLengths, paddedLengths } from "../src/data/padding.ts";
import { objectiveOf } from "../src/objective/objective-of.ts";
import { letterTask, tokenizer, V } from "./tiny-problem.ts";

const lengths = fc.array(
  fc.integer({ min: 1, max: 8 }).map((bucket) => bucket * 16),
  { minLength: 1, maxLength: 300 },
);

describe("planEpoch", () => {
  it("visits every row once, in batches as long as their longest row", () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 9 }), fc.nat(), fc.nat(20), (lengths, batchSize, seed, epoch) => {
        const batches = planEpoch(lengths, batchSize, seed, epoch);
        expect(batches.flatMap(({ rows }) => rows).sort((a, b) => a - b)).toEqual([...lengths.keys()]);
        for (const { rows, length } of batches) expect(length).toBe(Math.max(...rows.map((row) => lengths[row]!)));
        expect(batches.length).toBe(Math.ceil(lengths.length / batchSize));
        expect(planEpoch(lengths, batchSize, seed, epoch)).toEqual(batches);
      }),
      { numRuns: 50 },
    );
  });

  it("pads less than batches in file order, and orders every epoch anew", () => {
    const mixed = Array.from({ length: 400 }, (_, row) => 16 * (1 + ((row * 7) % 8)));
    const cost = (batches: readonly { rows: readonly number[]; length: number }[]) =>
      batches.reduce((total, { rows, length }) => total + rows.length * length, 0);
    const needed = mixed.reduce((total, length) => total + length, 0);
    const epoch = planEpoch(mixed, 8, 1, 0);
    expect(cost(epoch)).toBeLessThan(1.1 * needed);
    expect(planEpoch(mixed, 8, 1, 1)).not.toEqual(epoch);
    expect(planEpoch(mixed, 8, 2, 0)).not.toEqual(epoch);
  });
});

describe("planEvaluation", () => {
  it("visits every row once, shortest first", () => {
    const batches = planEvaluation([32, 16, 48, 16, 32], 2);
    expect(batches).toEqual([
      { rows: [1, 3], size: 2, length: 16 },
      { rows: [0, 4], size: 2, length: 32 },
      { rows: [2], size: 2, length: 48 },
    ]);
  });

  it("computes no more rows than the split has", () => {
    expect(planEvaluation([16, 32], 64)).toEqual([{ rows: [0, 1], size: 2, length: 32 }]);
  });
});

describe("splitBatch", () => {
  const batch: Batch = { rows: [5, 6, 7, 8, 9], size: 8, length: 20 };

  it("cuts a batch into equal parts of at most so many tokens, one row at least", () => {
    expect(splitBatch(batch, undefined)).toEqual([batch]);
    expect(splitBatch(batch, 160)).toEqual([batch]);
    expect(splitBatch(batch, 159)).toEqual([
      { rows: [5, 6, 7, 8], size: 4, length: 20 },
      { rows: [9], size: 4, length: 20 },
    ]);
    expect(splitBatch(batch, 1).map(({ rows, size }) => [rows, size])).toEqual(
      [5, 6, 7, 8, 9].map((row) => [[row], 1]),
    );
  });

  it("keeps every row once and every part within the budget", () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 99 }),
        fc.nat(999),
        (count, size, length, budget) => {
          const rows = Array.from({ length: Math.min(count, size) }, (_, row) => row);
          const parts = splitBatch({ rows, size, length }, budget);
          expect(parts.flatMap((part) => part.rows)).toEqual(rows);
          for (const part of parts) expect(part.size === 1 || part.size * length <= budget).toBe(true);
          expect(new Set(parts.map((part) => part.size)).size).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("the lengths that texts are padded to", () => {
  const row = (length: number) => ({
    inputIds: Array<number>(length).fill(5),
    tokenTypeIds: [],
    truncated: false,
    label: 0,
  });

  it("are multiples where asked for, at most the longest text", () => {
    const pad = (lengths: readonly number[], limit: number) => paddedLengths(lengths.map(row), 16, limit);
    expect(pad([1, 16, 17, 500], 512)).toEqual([16, 16, 32, 512]);
    expect(pad([505], 510)).toEqual([510]);
  });

  it("are else few, and where padding is least", () => {
    // One length would pad 45 tokens of 100; the best cut leaves 5.
    expect(chooseLengths([9, 9, 9, 10, 10, 4, 4])).toEqual([4, 10]);
    expect(chooseLengths([7, 7, 7])).toEqual([7]);
    expect(paddedLengths([3, 8, 8, 8, 8].map(row), undefined, 512)).toEqual([3, 8, 8, 8, 8]);
  });

  it("leave under 10 % padding in the batches of any spread of lengths, from at most 12 lengths", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(99),
        (spread, least, seed) => {
          const lengths = Array.from({ length: 3000 }, (_, index) => {
            const u = ((index * 7919 + seed) % 3000) / 3000;
            return least + Math.floor(spread * u * u);
          });
          const padded = paddedLengths(lengths.map(row), undefined, 512);
          expect(new Set(padded).size).toBeLessThanOrEqual(12);
          const computed = planEpoch(padded, 32, seed, 0).reduce((total, { size, length }) => total + size * length, 0);
          expect(1 - lengths.reduce((a, b) => a + b) / computed).toBeLessThan(0.12);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("planTraining", () => {
  const options = {
    lengths: Array<number>(10).fill(16),
    batchSize: 4,
    seed: 3,
    numTrainEpochs: 2,
    maxSteps: undefined,
    maxTokens: undefined,
  };

  it("derives the batches from the step alone", () => {
    const plan = planTraining({ ...options, gradientAccumulationSteps: 2 });
    expect([plan.stepsPerEpoch, plan.totalSteps]).toEqual([2, 4]);
    const forward = [0, 1, 2, 3].map((step) => plan.batchesOf(step));
    const again = planTraining({ ...options, gradientAccumulationSteps: 2 });
    expect([3, 1, 2, 0].map((step) => again.batchesOf(step))).toEqual([3, 1, 2, 0].map((step) => forward[step]));
    // 3 batches per epoch: the second update of each has what is left.
    expect(forward.map((batches) => batches.length)).toEqual([2, 1, 2, 1]);
  });

  it("lets maxSteps override the epochs", () => {
    expect(planTraining({ ...options, gradientAccumulationSteps: 1, maxSteps: 17 }).totalSteps).toBe(17);
  });
});

describe("feeds of a batch", () => {
  const rows = [
    { inputIds: [1, 6, 7, 2], tokenTypeIds: [0, 0, 0, 0], truncated: false, label: 0 },
    { inputIds: [1, 5, 2], tokenTypeIds: [0, 0, 1], truncated: false, label: 1 },
  ];
  const shape = { batchSize: 3, length: 4, losses: 3, packed: false };

  it("pads rows, and fills a short batch with copies of its first row", () => {
    const feeds = tokenFeeds(rows, shape, 9);
    expect(feeds.inputIds).toEqual(Int32Array.of(1, 6, 7, 2, 1, 5, 2, 9, 1, 6, 7, 2));
    expect(feeds.attentionMask).toEqual(Float32Array.of(1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1));
    expect(feeds.tokenTypeIds).toEqual(Int32Array.of(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0));
    expect(feeds).not.toHaveProperty("segmentIds");
  });

  it("gives classes as integers and scores as floats", () => {
    const { labels } = objectiveOf(letterTask()).feeds(rows, shape);
    expect(labels).toEqual(Int32Array.of(0, 1, 0));
    const scored = { ...letterTask(), head: { kind: "regression" } as const };
    expect(objectiveOf(scored).feeds([{ ...rows[0]!, label: 2.5 }], { ...shape, losses: 1 }).labels).toEqual(
      Float32Array.of(2.5),
    );
  });

  it("gives each text of a packed row its own segment and positions from 0", () => {
    const packed = [{ ...rows[0]!, starts: [0, 2] }];
    const feeds = tokenFeeds(packed, { batchSize: 1, length: 6, packed: true }, 9);
    expect(feeds.segmentIds).toEqual(Int32Array.of(0, 0, 1, 1, 1, 1));
    expect(feeds.positionIds).toEqual(Int32Array.of(0, 1, 0, 1, 2, 3));
  });
});

describe("encodeSplit", () => {
  const example = (first: string, label?: number) => ({
    first,
    ...(label !== undefined && { label }),
    origin: "train.tsv:7",
  });
  const encode = (examples: readonly ReturnType<typeof example>[], vocabularySize: number | undefined = V) =>
    encodeSplit("train", {
      task: letterTask({ train: examples }),
      tokenizer,
      maxLength: 6,
      folder: "glue/letters",
      limit: undefined,
      vocabularySize,
    });

  it("refuses a split without rows and says where (row 28)", async () => {
    await expect(encode([])).rejects.toThrow(
      "Expected the split train of letters to have rows, found none in glue/letters.",
    );
  });

  it("says which filter left nothing (row 28)", async () => {
    const notes = ["40 rows of train have too few cells and were left out."];
    const task = { ...letterTask(), load: async (name: string) => ({ name, examples: [], notes }) };
    const options = { task, tokenizer, maxLength: 6, folder: undefined, limit: undefined, vocabularySize: V };
    await expect(encodeSplit("train", options)).rejects.toThrow(
      "Expected the split train of letters to have rows, found none. 40 rows of train have too few cells and were left out.",
    );
  });

  it("counts rows with a blank text (row 37)", async () => {
    const split = await encode([example("ab", 1), example("", 0), { ...example("ab", 0), second: " \t" } as never]);
    expect(split.blankRows).toBe(2);
    const messages = [{ role: "user", content: "ab" }];
    const chats = await encode([{ ...example("ab", 1), messages } as never]);
    expect(chats.blankRows).toBe(0);
  });

  it("refuses a label out of range with its row (row 30)", async () => {
    await expect(encode([example("ab", 1), example("ab", 2)])).rejects.toThrow(
      "train.tsv:7: expected a label from 0 to 1 (even, odd), found 2.",
    );
    await expect(encode([example("ab", -1)])).rejects.toThrow("found -1");
    await expect(encode([example("ab", 0.5)])).rejects.toThrow("found 0.5");
  });

  it("reports the share of texts that were cut (row 37)", async () => {
    const split = await encode([example("abc", 1), example("abcdefgh", 1), example("abcd", 0), example("abcde", 0)]);
    expect(split.truncatedShare).toBe(0.5);
  });

  it("refuses ids that the model has no embedding for (row 38)", async () => {
    await expect(encode([example("ab", 1)], 5)).rejects.toThrow(
      "train.tsv:7: expected token ids below 5, the model's vocab_size, found 5. The tokenizer belongs to another model.",
    );
  });

  it("names the first row without a label where labels are needed (row 31)", async () => {
    const split = await encode([example("ab", 1), example("ab")]);
    expect(() => requireAnswers(split, letterTask())).toThrow(
      "Expected the split train to be labelled, found row 2 without a label. It is train.tsv:7: give it one, or leave it out.",
    );
  });
});

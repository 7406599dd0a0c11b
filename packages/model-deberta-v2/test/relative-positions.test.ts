import { ops } from "@blora/tensor";
import { checkGradients, useCpuBackend } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { bucketPosition, relativeRows, skew } from "../src/relative-positions.ts";
import { readJson } from "./fixtures.ts";

interface BucketTable {
  readonly buckets: number;
  readonly maximum: number;
  readonly positions: readonly number[];
}

describe("bucketPosition", () => {
  const { tables } = readJson("buckets.json") as { tables: readonly BucketTable[] };

  it.each(tables)(
    "equals Hugging Face's for $buckets buckets over $maximum positions",
    ({ buckets, maximum, positions }) => {
      const table = { buckets, maxDistance: maximum };
      expect(positions.map((_, distance) => bucketPosition(distance, table))).toEqual(positions);
      expect(positions.map((_, distance) => bucketPosition(-distance, table) + 0)).toEqual(
        positions.map((position) => 0 - position),
      );
    },
  );
});

describe("relativeRows", () => {
  it("gives each distance its row, and distances beyond the table its last rows", () => {
    expect([...relativeRows(4, { maxDistance: 2, buckets: undefined })]).toEqual([0, 0, 1, 2, 3, 3, 3]);
    expect([...relativeRows(1, { maxDistance: 512, buckets: 256 })]).toEqual([256]);
  });
});

describe("skew", () => {
  useCpuBackend();

  it.each([1, 2, 3, 7])("moves row a of %i rows left by T - 1 - a places", (T) => {
    const width = 2 * T - 1;
    const scores = Array.from({ length: 2 * T * width }, (_, index) => index);
    const expected = [0, 1].flatMap((g) =>
      Array.from({ length: T * T }, (_, index) => {
        const [a, b] = [Math.floor(index / T), index % T];
        return (g * T + a) * width + T - 1 - a + b;
      }),
    );
    expect([...skew(ops.tensor(scores, [2, T, width]), T).dataSync()]).toEqual(expected);
  });

  it("passes gradients back to the scores it read", () => {
    const values = Float32Array.from({ length: 2 * 3 * 5 }, (_, index) => Math.sin(index));
    checkGradients((scores) => ops.square(skew(scores, 3)), [{ shape: [2, 3, 5], values }]);
  });
});

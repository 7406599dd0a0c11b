import { ops } from "@blora/tensor";
import { useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { lastTokens } from "../src/index.ts";

/** The place of the token that is read, in each row of ids. */
function placesOf(ids: readonly (readonly number[])[], mask: readonly (readonly number[])[], padId?: number): number[] {
  const shape: [number, number] = [ids.length, ids[0]!.length];
  const batch = {
    inputIds: ops.tensor(ids.flat(), shape, "int32"),
    attentionMask: ops.tensor(mask.flat(), shape, "float32"),
  };
  const states = ops.tensor(
    ids.flatMap((row) => [...row.keys()]),
    [shape[0] * shape[1], 1],
  );
  return Array.from(valuesOf(lastTokens(batch, states, padId)));
}

describe("the last token of a text", () => {
  useCpuBackend();
  const right = [
    [1, 1, 1, 1],
    [1, 1, 0, 0],
    [1, 0, 0, 0],
  ];
  const ids = [
    [5, 6, 7, 8],
    [5, 6, 0, 0],
    [5, 0, 0, 0],
  ];

  test("is before padding on the right, whether its id is known or not", () => {
    expect(placesOf(ids, right, 0)).toEqual([3, 1, 0]);
    expect(placesOf(ids, right)).toEqual([3, 1, 0]);
    expect(placesOf(ids, right, 8)).toEqual([2, 1, 0]);
  });

  test("is the last of all where padding is on the left", () => {
    const left = right.map((row) => row.toReversed());
    const reversed = ids.map((row) => row.toReversed());
    expect(placesOf(reversed, left, 0)).toEqual([3, 3, 3]);
    expect(placesOf(reversed, left)).toEqual([3, 3, 3]);
  });

  test("is the rightmost with another id than padding's, as Hugging Face has it, also amid a text", () => {
    const all = [[1, 1, 1, 1]];
    expect(placesOf([[0, 6, 0, 8]], all, 0)).toEqual([3]);
    expect(placesOf([[5, 6, 0, 0]], all, 0)).toEqual([1]);
    expect(placesOf([[0, 0, 0, 0]], all, 0)).toEqual([0]);
  });

  test("is found where padding has an id of its own that the model does not know", () => {
    expect(placesOf([[5, 6, 9, 9]], [[1, 1, 0, 0]], 0)).toEqual([1]);
  });
});

import type { LinearSite, Method } from "@blora/spec";
import { ops } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { createTestStore, expectAllClose, type TestStore, useCpuBackend } from "../src/index.ts";
import { method } from "./kits/minimal.ts";

useCpuBackend();

const site: LinearSite = { path: "site", role: "query", inFeatures: 3, outFeatures: 2 };
const input = () => ops.tensor([1, -2, 0, 4, 0, -5], [2, 3]);

/** With one parameter M [2, 3] of ones to sixes. */
function storeOf(change: Partial<Method> = {}): TestStore {
  const store = createTestStore({ ...method, ...change }, [site], 0, input);
  const M = { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6), group: "weights" as const };
  store.update(site.path, { parameters: { M } });
  return store;
}

const record = (store: TestStore, ...gradient: number[]): void =>
  store.recordGradients(new Map([["site/M", Float32Array.from(gradient)]]));

describe("a test store", () => {
  test("keeps entries of an axis, their squared gradients with them", () => {
    const store = storeOf();
    record(store, 1, 2, 3, 4, 5, 6);
    store.select("site", "M", 1, [2, 0]);
    expect(store.get("site").parameters.M).toEqual({
      shape: [2, 2],
      values: Float32Array.of(3, 1, 6, 4),
      group: "weights",
    });
    expect(store.squaredGradients("site", "M")).toEqual(Float32Array.of(9, 1, 36, 16));
    store.select("site", "M", 0, [1]);
    expect(store.squaredGradients("site", "M")).toEqual(Float32Array.of(36, 16));
  });

  test("gives the mean square of the gradients it was told: zeros without any, and after a replacement", () => {
    const store = storeOf();
    expect(store.squaredGradients("site", "M")).toEqual(new Float32Array(6));
    record(store, 1, 2, 3, 0, 0, -6);
    record(store, 3, 0, -3, 0, 1, 0);
    expect(store.squaredGradients("site", "M")).toEqual(Float32Array.of(5, 2, 9, 0, 0.5, 18));
    store.update("site", { parameters: { M: store.get("site").parameters.M! } });
    expect(store.squaredGradients("site", "M")).toEqual(new Float32Array(6));
  });

  test("recombines values in place, and squared gradients by the squares of the matrix", () => {
    const store = storeOf();
    record(store, 1, 2, 3, 4, 5, 6);
    const { values } = store.get("site").parameters.M!;
    const gradients = [
      [0, 2],
      [-1, 3],
    ];
    store.recombine("site", "M", 0, Float32Array.of(6, 5, 4, 3, 2, 1), gradients);
    expect(values).toEqual(Float32Array.of(6, 5, 4, 3, 2, 1));
    const expected = [4 * 16, 4 * 25, 4 * 36, 1 + 9 * 16, 4 + 9 * 25, 9 + 9 * 36];
    expect(store.squaredGradients("site", "M")).toEqual(Float32Array.from(expected));
  });

  test("observes the activations of adapters as they are applied", async () => {
    const store = storeOf({
      prepare: (adapters) =>
        adapters.map(({ parameters, ...adapter }) => ({
          ...adapter,
          parameters: { ...parameters, factor: ops.scalar(2) },
        })),
      training: {
        observe: ({ parameters }, x) => {
          const doubled = ops.mul(x, parameters.factor!);
          return {
            input: { min: ops.neg(ops.max(ops.neg(x))), max: ops.max(doubled), meanSquare: ops.mean(ops.square(x)) },
          };
        },
      },
    });
    const { input } = (await store.observe()).get("site")!;
    expect(input).toMatchObject({ min: -5, max: 8 });
    expectAllClose(input!.meanSquare, 46 / 6);
    expect([...(await storeOf().observe())]).toEqual([["site", {}]]);
  });
});

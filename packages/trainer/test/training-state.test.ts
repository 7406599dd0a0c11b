import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Parameter } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { FRESH_PROGRESS } from "../src/state/progress.ts";
import { readState, writeState } from "../src/state/state-files.ts";
import { createTrainingState, takeSnapshot } from "../src/state/training-state.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const matrix = (group: Parameter["group"] = "weights"): Parameter => ({
  shape: [2, 3],
  values: Float32Array.of(1, 2, 3, 4, 5, 6),
  group,
});

function exampleState() {
  const adapters = new Map([
    [
      "b.site",
      {
        layout: { rank: 3, phase: "gates" },
        parameters: { B: matrix(), phi: matrix("gates"), score: matrix("frozen") },
      },
    ],
    ["a.site", { layout: { rank: 1 }, parameters: { A: matrix() } }],
  ]);
  const state = createTrainingState(adapters, { "classifier.weight": matrix("head") });
  state.entries().get("b.site/B")!.moments!.first.set([10, 20, 30, 40, 50, 60]);
  state.entries().get("b.site/B")!.moments!.second.set([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  state.entries().get("b.site/B")!.moments!.step = 4;
  return state;
}

describe("createTrainingState", () => {
  it("removes entries of a parameter together with those of its moments", () => {
    const state = exampleState();
    state.select("b.site", "B", 1, [2, 0]);
    const { parameter, moments } = state.entries().get("b.site/B")!;
    expect(parameter).toEqual({ shape: [2, 2], values: Float32Array.of(3, 1, 6, 4), group: "weights" });
    expect(moments).toEqual({
      step: 4,
      first: Float32Array.of(30, 10, 60, 40),
      second: Float32Array.of(0.3, 0.1, 0.6, 0.4),
    });
    state.select("b.site", "B", 0, [1]);
    expect(state.adapter("b.site").parameters.B!.values).toEqual(Float32Array.of(6, 4));
  });

  it("recombines averages with the values: the first by the matrix, the second by its squares", () => {
    const state = exampleState();
    const { parameter } = state.entries().get("b.site/B")!;
    const values = Float32Array.of(7, 8, 9, 10, 11, 12);
    const gradients = [
      [1, 2, 0],
      [0, -1, 0],
      [0.5, 0, 3],
    ];
    const signature = state.signature();
    state.recombine("b.site", "B", 1, values, gradients);
    const { moments } = state.entries().get("b.site/B")!;
    // The same array: adapters that a method holds see the new values.
    expect(parameter.values).toEqual(values);
    expect(parameter.values).not.toBe(values);
    expect(moments!.step).toBe(4);
    expectAllClose(moments!.first, [10 + 40, -20, 5 + 90, 40 + 100, -50, 20 + 180]);
    expectAllClose(moments!.second, [0.1 + 4 * 0.2, 0.2, 0.025 + 9 * 0.3, 0.4 + 4 * 0.5, 0.5, 0.1 + 9 * 0.6]);
    expect(state.signature()).toBe(signature);

    state.recombine("b.site", "B", 0, values, [
      [0, 1],
      [2, 0],
    ]);
    expectAllClose(moments!.first, [140, -50, 200, 100, -40, 190]);
    state.recombine("b.site", "score", 1, values, gradients);
    expect(state.adapter("b.site").parameters.score!.values).toEqual(values);
  });

  it("gets the first averages back from an orthogonal recombination and its transpose", () => {
    const state = exampleState();
    const before = state.entries().get("b.site/B")!.moments!.first.slice();
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    const rotation = [
      [c, -s, 0],
      [0, 0, 1],
      [s, c, 0],
    ];
    const { values } = state.adapter("b.site").parameters.B!;
    state.recombine("b.site", "B", 1, values, rotation);
    const { first } = state.moments("b.site", "B");
    expectAllClose(first.subarray(0, 3), [10 * c - 20 * s, 30, 10 * s + 20 * c]);
    state.recombine(
      "b.site",
      "B",
      1,
      values,
      rotation[0]!.map((_, i) => rotation.map((row) => row[i]!)),
    );
    expectAllClose(first, before);
  });

  it("names the parameter of an impossible recombination", () => {
    const recombine =
      (values: number, ...matrix: number[][]) =>
      () =>
        exampleState().recombine("b.site", "B", 0, new Float32Array(values), matrix);
    expect(recombine(6, [1, 0], [0, 1])).not.toThrow();
    expect(recombine(5, [1, 0], [0, 1])).toThrow(
      "b.site/B: expected 6 values and a matrix of the size of axis 0 (2), found 5 and [2, 2].",
    );
    expect(recombine(6, [1, 0, 0])).toThrow("b.site/B: expected 6 values");
    expect(recombine(6, [1, 0], [0])).toThrow("b.site/B: expected 6 values");
    expect(() => exampleState().recombine("b.site", "C", 0, new Float32Array(6), [])).toThrow(
      "Expected a parameter of b.site, found C.",
    );
    expect(() => exampleState().moments("b.site", "score")).toThrow("b.site/score: expected a trained parameter.");
  });

  it("starts replaced parameters with fresh moments and keeps the others' moments", () => {
    const state = exampleState();
    state.update("b.site", { layout: { rank: 2 }, parameters: { phi: undefined, extra: matrix("ranges") } });
    expect(Object.keys(state.adapter("b.site").parameters)).toEqual(["B", "score", "extra"]);
    expect(state.adapter("b.site").layout).toEqual({ rank: 2 });
    expect(state.entries().get("b.site/B")!.moments!.step).toBe(4);
    state.update("b.site", { parameters: { B: matrix() } });
    expect(state.entries().get("b.site/B")!.moments).toEqual({
      step: 0,
      first: new Float32Array(6),
      second: new Float32Array(6),
    });
  });

  it("has another signature after every change that asks for another graph", () => {
    const state = exampleState();
    const signatures = [state.signature()];
    state.entries().get("b.site/B")!.parameter.values[0] = 9;
    expect(state.signature()).toBe(signatures[0]);
    state.select("b.site", "B", 1, [0]);
    signatures.push(state.signature());
    state.update("a.site", { layout: { rank: 0 } });
    signatures.push(state.signature());
    expect(new Set(signatures).size).toBe(3);
  });

  it("owns its values: neither the method's arrays nor snapshots change with them", () => {
    const own = matrix();
    const state = createTrainingState(new Map([["s", { layout: {}, parameters: { A: own } }]]), {});
    const snapshot = takeSnapshot(state);
    state.entries().get("s/A")!.parameter.values[0] = 77;
    expect(own.values[0]).toBe(1);
    expect(snapshot.adapters.get("s")!.parameters.A!.values[0]).toBe(1);
  });

  it("names the parameter and axis of an impossible selection", () => {
    expect(() => exampleState().select("b.site", "B", 1, [3])).toThrow(
      "b.site/B: expected entries of axis 1 (size 3), found 3.",
    );
  });
});

describe("writeState and readState", () => {
  it("come back bit for bit, in the same order, with the best weights", async () => {
    const folder = temporaryFolder();
    const state = exampleState();
    const best = { record: { step: 3, splits: {}, warnings: [] }, snapshot: takeSnapshot(state) };
    state.select("b.site", "B", 1, [1]);
    const progress = { ...FRESH_PROGRESS, step: 5, seconds: 0.1 + 0.2, best };
    await writeState(folder, state, progress);
    const restored = await readState(folder);
    expect(restored.progress).toEqual(progress);
    expect([...restored.state.entries()]).toEqual([...state.entries()]);
    expect(restored.state.signature()).toBe(state.signature());

    const again = temporaryFolder();
    await writeState(again, restored.state, restored.progress);
    for (const name of ["state.json", "state.safetensors", "best.safetensors"]) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(folder, name)))).toBe(true);
    }
  });
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BloraError, type Engine, MissingDependencyError } from "@blora/spec";
import { ops } from "@blora/tensor";
import { getBackend } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { guardWasmMemory } from "../src/backends/wasm-memory.ts";
import { tfjs } from "../src/index.ts";

let emptyFolder = "";
beforeAll(async () => {
  emptyFolder = await mkdtemp(join(tmpdir(), "blora-no-modules-"));
});
afterAll(() => rm(emptyFolder, { recursive: true, force: true }));

function multiplyingStep(engine: Engine, factor: number, size = 4) {
  return engine.compile({
    name: `times ${factor}`,
    mode: "train",
    inputs: {},
    trainable: { x: [size] },
    frozen: new Map([["factor", { shape: [], storage: "f32", source: Float32Array.of(factor) }]]),
    compute: ({ trainable, frozen }) => ({ loss: ops.sum(ops.mul(trainable.x!, frozen("factor"))) }),
  });
}
const values = { x: Float32Array.of(1, 2, 3, 4) };
const NOISE = { seed: 0, step: 0 };

describe("a native backend that is not installed", () => {
  test.each(["tensorflow", "tensorflow-gpu"] as const)("%s is an error that says how to get it", async (backend) => {
    const engine = tfjs({ backend, moduleFolder: emptyFolder });
    const packageName = backend === "tensorflow" ? "tfjs-node" : "tfjs-node-gpu";
    await expect(engine.describe()).rejects.toThrow(MissingDependencyError);
    await expect(engine.describe()).rejects.toThrow(`npm install @tensorflow/${packageName}@4.22.0`);
    await expect(engine.describe()).rejects.toThrow(emptyFolder);
  });

  test("that is installed without its addon names the reason and the remedy", async () => {
    const packageFolder = join(emptyFolder, "broken/node_modules/@tensorflow/tfjs-node");
    await mkdir(packageFolder, { recursive: true });
    await writeFile(
      join(packageFolder, "package.json"),
      JSON.stringify({ name: "@tensorflow/tfjs-node", main: "index.js" }),
    );
    await writeFile(join(packageFolder, "index.js"), `throw new Error("no addon\\nmore lines");`);
    const engine = tfjs({ backend: "tensorflow", moduleFolder: join(emptyFolder, "broken") });
    await expect(engine.describe()).rejects.toThrow(/no addon\).*blora native/);
  });

  test("leaves auto to wasm", async () => {
    const engine = tfjs({ moduleFolder: emptyFolder });
    expect(await engine.describe()).toMatchObject({ id: "tfjs", provider: "wasm", threads: 1 });
  });
});

test("engines of two backends run in turns without disturbing each other", async () => {
  const [cpu, wasm] = [tfjs({ backend: "cpu" }), tfjs({ backend: "wasm" })];
  const [onCpu, onWasm] = await Promise.all([multiplyingStep(cpu, 3), multiplyingStep(wasm, 5)]);
  for (let turn = 0; turn < 3; turn++) {
    const [a, b] = await Promise.all([onCpu.run({}, values, NOISE), onWasm.run({}, values, NOISE)]);
    expect([a.loss, [...a.gradients.x!]]).toEqual([30, [3, 3, 3, 3]]);
    expect([b.loss, [...b.gradients.x!]]).toEqual([50, [5, 5, 5, 5]]);
  }
  expect(getBackend()).toBe("wasm");
  await cpu.release();
  await wasm.release();
});

test("the cpu backend prints no advertisement", async () => {
  const warn = vi.spyOn(console, "warn");
  const engine = tfjs({ backend: "cpu" });
  await (await multiplyingStep(engine, 2)).run({}, values, NOISE);
  expect(warn.mock.calls.flat().join("\n")).not.toContain("install our node backend");
  await engine.release();
});

test("wasm memory that runs out is an error instead of address 0", () => {
  const module = { _malloc: (bytes: number): number => (bytes > 1000 ? 0 : 64) };
  guardWasmMemory(module);
  guardWasmMemory(module);
  expect(module._malloc(8)).toBe(64);
  expect(() => module._malloc(4096)).toThrow(BloraError);
  expect(() => module._malloc(4096)).toThrow(/no memory left for another 4096 bytes/);
  // The compiled module replaces its own entry on first use.
  module._malloc = (bytes) => (bytes > 10 ? 0 : 128);
  expect(module._malloc(8)).toBe(128);
  expect(() => module._malloc(16)).toThrow(BloraError);
});

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFrozen } from "@blora/files";
import type { FrozenTensor, StepDefinition } from "@blora/spec";

import { frozenLinear, ops } from "@blora/tensor";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openSessions } from "../src/node/runtime.ts";
import { compileStep } from "../src/session/compiled-step.ts";
import { roundedColumns } from "../src/session/rounded-columns.ts";
import { traceStep } from "../src/trace/trace-step.ts";

vi.mock("@blora/files", async (original) => {
  const files = await original<typeof import("@blora/files")>();
  return { ...files, readFrozen: vi.fn(files.readFrozen) };
});

const NOISE = { seed: 0, step: 0 };

/** x·Wᵀ of one row [1, 2] with W [2, 2] in a file, and its gradient. */
function step(weight: FrozenTensor): StepDefinition {
  return {
    name: "product",
    mode: "train",
    inputs: {},
    trainable: { x: [1, 2] },
    frozen: new Map([["weight", weight]]),
    compute({ trainable, frozen }) {
      const y = frozenLinear(trainable.x!, frozen("weight"));
      return { loss: ops.sum(y), outputs: { y } };
    },
  };
}

function weightFile(values: readonly number[], folder = mkdtempSync(join(tmpdir(), "blora-int8-"))): FrozenTensor {
  const path = join(folder, "model.bin");
  writeFileSync(path, Buffer.from(Float32Array.from(values).buffer));
  return { shape: [2, 2], storage: "f32", source: { path, offset: 0, length: 16 } };
}

/** Output of the step for x = [1, 0.5], with the codes of its matrix kept in `cache`. */
async function run(weight: FrozenTensor, cache: string): Promise<number[]> {
  const sessions = openSessions(cache);
  const compiled = await compileStep(step(weight), "integer", { threads: 1, providers: ["cpu"] }, sessions);
  const { outputs } = await compiled.run({}, { x: Float32Array.of(1, 0.5) }, NOISE);
  await compiled.release();
  return [...outputs.y!];
}

const newCache = () => mkdtempSync(join(tmpdir(), "blora-cache-"));
const codeFiles = (cache: string) => readdirSync(join(cache, "int8")).map((name) => join(cache, "int8", name));

describe("the files of frozen matrices in whole numbers", () => {
  // W = [[127, 2], [1, -127]]: its scales are 1; x = [1, 0.5] has the codes 127 and 64 at the scale 1/127.
  const product = [(127 * 127 + 64 * 2) / 127, (127 - 64 * 127) / 127].map(Math.fround);

  test("are written once, and read by the next session", async () => {
    const cache = newCache();
    const weight = weightFile([127, 2, 1, -127]);
    expect(await run(weight, cache)).toEqual(product);
    const files = codeFiles(cache);
    expect(files).toHaveLength(2);
    for (const file of files) utimesSync(file, 1, 1);
    expect(await run(weight, cache)).toEqual(product);
    expect(codeFiles(cache).map((file) => statSync(file).mtimeMs)).toEqual([1000, 1000]);
  });

  test("are mapped beside weights that stay as they are, in a folder of their own", async () => {
    const weight = weightFile([127, 2, 1, -127]);
    const { path } = weight.source as { path: string };
    const before = statSync(path);
    const both: StepDefinition = {
      ...step(weight),
      compute({ trainable, frozen }) {
        const y = ops.add(frozenLinear(trainable.x!, frozen("weight")), ops.slice(frozen("weight"), [0, 0], [1, 2]));
        return { loss: ops.sum(y), outputs: { y } };
      },
    };
    const compiled = await compileStep(both, "integer", { threads: 1, providers: ["cpu"] }, openSessions(newCache()));
    const { nlink, ctimeMs } = statSync(path);
    expect({ nlink, ctimeMs }).toEqual({ nlink: 1, ctimeMs: before.ctimeMs });
    const { outputs } = await compiled.run({}, { x: Float32Array.of(1, 0.5) }, NOISE);
    await compiled.release();
    expect([...outputs.y!]).toEqual([product[0]! + 127, product[1]! + 2].map(Math.fround));
  });

  test("come from one reading of a matrix, for its product and for the gradient of that", async () => {
    vi.mocked(readFrozen).mockClear();
    const cache = newCache();
    await run(weightFile([127, 2, 1, -127]), cache);
    expect(readFrozen).toHaveBeenCalledTimes(1);
    expect(codeFiles(cache)).toHaveLength(2);
  });

  test("are those of the content: other weights at the same place have others", async () => {
    const cache = newCache();
    const folder = mkdtempSync(join(tmpdir(), "blora-int8-"));
    await run(weightFile([1, 2, 3, 4], folder), cache);
    expect(await run(weightFile([127, 2, 1, -127], folder), cache)).toEqual(product);
  });

  describe("of weights that were known before", () => {
    beforeEach(() => {
      // Files that were written a moment ago may change again in the same tick of their clock, and are read anew.
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    async function knownWeights(): Promise<{ cache: string; weight: FrozenTensor; path: string; folder: string }> {
      const cache = newCache();
      const folder = mkdtempSync(join(tmpdir(), "blora-int8-"));
      const weight = weightFile([1, 2, 3, 4], folder);
      await run(weight, cache);
      vi.mocked(readFrozen).mockClear();
      return { cache, weight, folder, path: join(folder, "model.bin") };
    }

    test("are found without reading them", async () => {
      const { cache, weight } = await knownWeights();
      const before = await run(weight, newCache());
      vi.mocked(readFrozen).mockClear();
      expect(await run(weight, cache)).toEqual(before);
      expect(readFrozen).not.toHaveBeenCalled();
    });

    test("are not those of a file that changed and kept its size and the time it was written at", async () => {
      const { cache, path, folder } = await knownWeights();
      const { atime, mtime } = statSync(path);
      const changed = weightFile([127, 2, 1, -127], folder);
      utimesSync(path, atime, mtime);
      expect(await run(changed, cache)).toEqual(product);
    });

    test("are not those of another file that took its place with the same size and time", async () => {
      const { cache, path, weight } = await knownWeights();
      const { atime, mtime } = statSync(path);
      const aside = mkdtempSync(join(tmpdir(), "blora-int8-"));
      weightFile([127, 2, 1, -127], aside);
      utimesSync(join(aside, "model.bin"), atime, mtime);
      renameSync(join(aside, "model.bin"), path);
      expect(await run(weight, cache)).toEqual(product);
    });

    test("are not those of another part of the file", async () => {
      const cache = newCache();
      const folder = mkdtempSync(join(tmpdir(), "blora-int8-"));
      const path = join(folder, "model.bin");
      writeFileSync(path, Buffer.from(Float32Array.of(1, 2, 3, 4, 127, 2, 1, -127).buffer));
      const part = (offset: number): FrozenTensor => ({
        shape: [2, 2],
        storage: "f32",
        source: { path, offset, length: 16 },
      });
      await run(part(0), cache);
      expect(await run(part(16), cache)).toEqual(product);
    });

    test("are read and written again where their files are gone, or what is remembered is damaged", async () => {
      const { cache, weight } = await knownWeights();
      const before = await run(weight, newCache());
      for (const file of codeFiles(cache)) rmSync(file);
      expect(await run(weight, cache)).toEqual(before);
      for (const name of readdirSync(join(cache, "hashes"))) truncateSync(join(cache, "hashes", name), 9);
      vi.mocked(readFrozen).mockClear();
      expect(await run(weight, cache)).toEqual(before);
      expect(readFrozen).toHaveBeenCalledTimes(1);
    });
  });

  test("are read anew by the next session where the weights were written a moment ago", async () => {
    const cache = newCache();
    const weight = weightFile([127, 2, 1, -127]);
    await run(weight, cache);
    vi.mocked(readFrozen).mockClear();
    await run(weight, cache);
    expect(readFrozen).toHaveBeenCalledTimes(1);
  });

  test("are not written of a file that is not on the disk, which may share its name with another", async () => {
    const cache = newCache();
    const dropped = (values: readonly number[]): FrozenTensor => {
      const bytes = new Uint8Array(Float32Array.from(values).buffer);
      const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
      return { shape: [2, 2], storage: "f32", source: { path: "model.bin", offset: 0, length: 16, read } };
    };
    await run(dropped([1, 2, 3, 4]), cache);
    expect(await run(dropped([127, 2, 1, -127]), cache)).toEqual(product);
    expect(existsSync(join(cache, "int8"))).toBe(false);
  });

  test("are written again where one is cut short", async () => {
    const cache = newCache();
    const weight = weightFile([127, 2, 1, -127]);
    await run(weight, cache);
    for (const file of codeFiles(cache)) truncateSync(file, 3);
    expect(await run(weight, cache)).toEqual(product);
  });
});

test("columns are rounded by their largest magnitude, to nearest and ties to even", () => {
  const values = Float32Array.of(254, 1, 1, 3, -127, 0); // [3, 2]: scales 2 and 3/127
  const { codes, scales } = roundedColumns(values, 3, false);
  expect([...scales]).toEqual([2, Math.fround(3 / 127)]);
  expect([...codes]).toEqual([127, 42, 0, 127, -64, 0]);
  const turned = roundedColumns(Float32Array.of(254, 1, -127, 1, 3, 0), 2, true);
  expect([...turned.codes]).toEqual([...codes]);
  expect([...turned.scales]).toEqual([...scales]);
});

test("a matrix with a value that is none gives results that are none", () => {
  expect(roundedColumns(Float32Array.of(1, Number.NaN, 2, 3), 2, false).scales[1]).toBeNaN();
  expect(roundedColumns(Float32Array.of(1, Number.NEGATIVE_INFINITY, 2, 3), 2, false).scales[1]).toBe(
    Number.POSITIVE_INFINITY,
  );
});

test("a matrix that a step computes is multiplied in float32", () => {
  const weight: FrozenTensor = { shape: [2, 2], storage: "f32", source: Float32Array.of(1, 2, 3, 4) };
  const operatorsOf = (compute: StepDefinition["compute"]): string[] =>
    traceStep({ ...step(weight), compute }, "integer").graph.nodes.map(({ operator }) => operator);
  const doubled = operatorsOf(({ trainable, frozen }) => ({
    loss: ops.sum(frozenLinear(trainable.x!, ops.mul(frozen("weight"), 2))),
  }));
  expect(doubled).not.toContain("MatMulIntegerToFloat");
  expect(operatorsOf(step(weight).compute)).toContain("MatMulIntegerToFloat");
});

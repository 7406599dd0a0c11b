import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { qwen2 } from "@blora/model-qwen2";
import { openPlain } from "@blora/network";
import { useCpuBackend } from "@blora/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { floatWeights } from "../src/graph/float-weights.ts";
import { exportOnnx, measureExport } from "../src/index.ts";
import { plainParts } from "../src/trace/forward-parts.ts";
import { traceGraph } from "../src/trace/trace-graph.ts";
import { collectWeights } from "../src/weights.ts";
import { writeGraph } from "../src/write/write-graph.ts";
import { readReference } from "./reference.ts";

useCpuBackend();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-write-graph-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("puts weights that do not fit into files beside the graph, and ONNX Runtime finds them", async () => {
  const { network, adapter } = readReference(qwen2(), "causal/qwen2.5");
  const weights = collectWeights(network, adapter, true);
  const graph = traceGraph(network, adapter.head, weights, plainParts(network, adapter.head, weights, []));
  const tensors = floatWeights(graph, weights);
  const file = join(folder, "model.onnx");
  const limits = { largestInline: 1000, largestChunk: 20_000 };
  const { chunks, bytes } = await writeGraph(file, graph, tensors, limits);
  expect(chunks).toBeGreaterThan(2);
  const names = [
    "model.onnx_data",
    ...Array.from({ length: chunks - 1 }, (_, index) => `model.onnx_data_${index + 1}`),
  ];
  expect((await readdir(folder)).sort()).toEqual(["model.onnx", ...names].sort());
  for (const name of names) expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(limits.largestChunk);
  expect(bytes).toBeGreaterThan(tensors.reduce((sum, tensor) => sum + tensor.bytes, 0));
  const engine = onnx({ threads: 1 });
  expect(
    (await measureExport({ network: openPlain(network, adapter, "qwen2.5"), engine, file })).largestDifference,
  ).toBeLessThan(1e-4);
  await engine.release();
});

it("refuses a head that no pipeline takes and leaves the folder as it was", async () => {
  const { network, adapter } = readReference(qwen2(), "causal/qwen2.5");
  const out = join(folder, "refused");
  const masked = { ...adapter, head: { kind: "masked-language-model" } } as const;
  await expect(exportOnnx({ network, adapter: masked, out })).rejects.toThrow(/head/);
  await expect(stat(out)).rejects.toThrow(/ENOENT/);
});

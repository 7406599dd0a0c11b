import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { bert } from "@blora/model-bert";
import { openNetwork, openPlain } from "@blora/network";
import { openCheckpoint } from "@blora/weights";
import { afterAll, expect, it } from "vitest";
import { writeTinyBert } from "../../../internal/tiny-models/tiny-bert.ts";
import { exportOnnx, measureExport } from "../src/index.ts";
import { drawnAdapter } from "./models.ts";

const head = { kind: "classification", labels: ["no", "yes"] } as const;
const folder = mkdtempSync(join(tmpdir(), "blora-export-numbers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("refuses a weight that is no number, by file and name, before there is a graph", async () => {
  const model = join(folder, "model");
  const name = "bert.encoder.layer.1.output.LayerNorm.weight";
  writeTinyBert(model, { labels: 2, tensors: { [name]: [Number.NaN, 24] } });
  const network = openNetwork(bert(), openCheckpoint(model), "model");
  const out = join(folder, "out");
  await expect(exportOnnx({ network, adapter: drawnAdapter(network, head), out })).rejects.toThrow(
    `${join(model, "model.safetensors")}: tensor "${name}" holds 24 of 24 values that are not finite, the first NaN at index 0`,
  );
  expect(existsSync(join(out, "onnx/model.onnx"))).toBe(false);
  expect(existsSync(join(out, "config.json"))).toBe(false);
});

it("measures no export whose logits are no numbers", async () => {
  const model = join(folder, "whole");
  writeTinyBert(model, { labels: 2 });
  const network = openNetwork(bert(), openCheckpoint(model), "whole");
  const adapter = drawnAdapter(network, head);
  const [name, bias] = Object.entries(adapter.headTensors)[0]!;
  const values = new Float32Array(bias.values.length).fill(Infinity);
  const broken = { ...adapter, headTensors: { ...adapter.headTensors, [name]: { ...bias, values } } };
  const engine = onnx({ threads: 1 });
  const measure = async (exported: typeof adapter, against: typeof adapter): Promise<unknown> => {
    const out = mkdtempSync(join(folder, "out-"));
    const { file } = await exportOnnx({ network, adapter: exported, out });
    return measureExport({ network: openPlain(network, against, "drawn"), engine, file: join(out, file) });
  };
  const refusal = { name: "NumericalError", message: expect.stringContaining("expected finite logits, found ") };
  await expect(measure(adapter, broken)).rejects.toMatchObject(refusal);
  await expect(measure(broken, adapter)).rejects.toMatchObject(refusal);
  await engine.release();
});

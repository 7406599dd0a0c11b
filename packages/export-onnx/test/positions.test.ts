import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { debertaV2 } from "@blora/model-deberta-v2";
import { openNetwork, openPlain } from "@blora/network";
import { openCheckpoint } from "@blora/weights";
import { afterAll, expect, test } from "vitest";
import { writeTinyDeberta } from "../../../internal/tiny-models/tiny-deberta.ts";
import { exportOnnx, measureExport } from "../src/index.ts";
import { drawnAdapter } from "./models.ts";

const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-positions-"));
const engine = onnx({ threads: 1 });
afterAll(async () => {
  await engine.release();
  rmSync(folder, { recursive: true, force: true });
});

const head = { kind: "classification", labels: ["no", "yes"] } as const;

/** The longest text uses the whole table of positions, and shorter ones a part of it. */
test("a network of positions and of distances is one graph for every length", async () => {
  const model = join(folder, "model");
  writeTinyDeberta(model);
  const config = JSON.parse(readFileSync(join(model, "config.json"), "utf8"));
  const { max_position_embeddings: P, hidden_size: H } = config;
  writeTinyDeberta(model, {
    files: { "config.json": { ...config, position_biased_input: true } },
    tensors: { "deberta.embeddings.position_embeddings.weight": ["random", P, H] },
  });
  const network = openNetwork(debertaV2(), openCheckpoint(model), "tiny");
  const adapter = drawnAdapter(network, head);
  const { file } = await exportOnnx({ network, adapter, out: join(folder, "graph") });
  const measured = await measureExport({
    network: openPlain(network, adapter, "drawn"),
    engine,
    file: join(folder, "graph", file),
  });
  expect(measured.largestDifference).toBeLessThan(1e-5);
  expect(measured.largestLogit).toBeGreaterThan(1e-3);
});

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { diagnoseModel, modelLines } from "../src/commands/doctor-model.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/causal/${name}`, import.meta.url));
const flags = (set: readonly string[] = []) => ({
  method: "lora",
  set,
  offline: true,
});
const data = process.env.BLORA_DATA;
const GIBIBYTE = 2 ** 30;

describe("doctor --model", () => {
  test("reads formats from the files, counts parameters, and plans both steps", async () => {
    const diagnosis = await diagnoseModel(
      fixture("phi-float16"),
      flags(["perDeviceTrainBatchSize=2", "method.rank=3"]),
    );
    expect(diagnosis).toMatchObject({
      modelType: "phi",
      head: "language-model",
      hasWeights: true,
      batchSize: 2,
      length: 64,
    });
    expect(new Set(diagnosis.tensors.map(({ storage }) => storage))).toEqual(new Set(["f16"]));
    expect(diagnosis.tensors.filter(({ adapted }) => adapted)).toHaveLength(12);
    const H = 40;
    const F = 48;
    const perLayer = 3 * (4 * H + 2 * (H + 20) + 2 * (H + F));
    expect(diagnosis.trainableParameters).toBe(2 * perLayer);
    const parameters = diagnosis.tensors.reduce((total, { size }) => total + size, 0);
    expect(diagnosis.storedBytes).toBe(2 * parameters);
    expect(diagnosis.train.totalBytes).toBeGreaterThan(diagnosis.evaluate.totalBytes);
    const text = modelLines(diagnosis).join("\n");
    expect(text).toContain("float16 in files, float32 in products, adapted: 12 tensors");
    expect(text).toContain("2 rows of 64 tokens");
    expect(text).toMatch(/^train +fits: about/m);
  });

  test("plans with the precision that is asked for", async () => {
    const found = await diagnoseModel(fixture("phi-float16"), flags(["engine.precision=int8"]));
    const exact = await diagnoseModel(fixture("phi-float16"), flags());
    expect([found.precision, exact.precision]).toEqual(["int8", "float32"]);
    expect(modelLines(found).join("\n")).toContain(
      "float16 in files, products of matrices in int8, adapted: 12 tensors",
    );
    // Rows and columns are rounded by nodes of their own.
    expect(found.evaluate.nodes).toBeGreaterThan(exact.evaluate.nodes);
  });

  test("says what to change where a model is too large for the machine", async () => {
    const diagnosis = await diagnoseModel(fixture("qwen2.5"), flags(["perDeviceTrainBatchSize=4"]));
    expect(diagnosis).toMatchObject({ batchSize: 4, length: 128 });
    const split = await diagnoseModel(fixture("qwen2.5"), flags(["perDeviceTrainBatchSize=4", "maxTokensPerPass=256"]));
    expect(split.batchSize).toBe(2);
    const small = { ...diagnosis, totalMemoryBytes: 1000, freeMemoryBytes: 500 };
    const text = modelLines(small).join("\n");
    expect(text).toMatch(/^train +does not fit/m);
    expect(text).toMatch(/^try +--set maxTokensPerPass=128/m);
    const middle = { ...diagnosis, freeMemoryBytes: 500 };
    expect(modelLines(middle).join("\n")).toMatch(/^train +fits once memory is free/m);
  });

  test("refuses a model no architecture reads, and one that is not here", async () => {
    await expect(diagnoseModel(join(fixture("."), "none"), flags())).rejects.toThrow(/There is no folder/);
    await expect(diagnoseModel("org/absent", flags())).rejects.toThrow(/not in the cache/);
    for (const [config, found] of [
      [{ model_type: "granite" }, '"granite"'],
      [{ hidden_size: 8 }, "none"],
    ] as const) {
      const folder = mkdtempSync(join(tmpdir(), "blora-"));
      writeFileSync(join(folder, "config.json"), JSON.stringify(config));
      await expect(diagnoseModel(folder, flags())).rejects.toThrow(
        new RegExp(`config\\.json: expected a model_type that an architecture reads \\(bert, .*\\), found ${found}\\.`),
      );
    }
  });

  test.skipIf(!data)("plans Phi-2 and Qwen2.5-0.5B at their full size, from their configurations alone", async () => {
    const phi = await diagnoseModel(
      join(data ?? "", "configs/phi-2"),
      flags(["perDeviceTrainBatchSize=1", "maxSeqLength=512"]),
    );
    expect(phi).toMatchObject({ hasWeights: false, storedBytes: 2 * 2_779_683_840, length: 512 });
    // Sums of the 2.5 billion adapted numbers with their updates would be 9.4 GiB: they are not made.
    expect(phi.train.peakBytes).toBeLessThan(5 * GIBIBYTE);
    expect(phi.train.totalBytes).toBeLessThan(10 * GIBIBYTE);
    expect(phi.evaluate.peakBytes).toBeLessThan(GIBIBYTE);
    const again = await diagnoseModel(
      join(data ?? "", "configs/phi-2"),
      flags(["perDeviceTrainBatchSize=1", "maxSeqLength=512", "gradientCheckpointing=true"]),
    );
    expect(again.train.peakBytes).toBeLessThan(1.5 * GIBIBYTE);
    // Every layer once more, but not the head: between a fifth and half of the products.
    expect(again.train.macs).toBeGreaterThan(1.2 * phi.train.macs);
    expect(again.train.macs).toBeLessThan(1.5 * phi.train.macs);

    const qwen = await diagnoseModel(
      join(data ?? "", "configs/Qwen2.5-0.5B"),
      flags(["perDeviceTrainBatchSize=8", "maxSeqLength=512"]),
    );
    expect(qwen).toMatchObject({ hasWeights: false, storedBytes: 2 * 494_032_768 });
    // Logits of the whole batch alone would be 8·512·151,936 floats, 2.3 GiB: they never exist.
    expect(qwen.evaluate.peakBytes).toBeLessThan(1.25 * GIBIBYTE);
  });
});

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptabilityExamples, builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { createLoadedModel } from "@blora/inference";
import { debertaV2 } from "@blora/model-deberta-v2";
import { openNetwork, openPlain } from "@blora/network";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { env, pipeline, type TokenClassificationPipeline } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnx, measureExport } from "../src/index.ts";
import { drawnAdapter } from "./models.ts";

/** All begin an entity, so that every token is one of its own. */
const head = { kind: "token-classification", labels: ["O", "B-THING", "B-PLACE"] } as const;
const network = openNetwork(debertaV2(), openCheckpoint(builtinModelFolder()), "builtin");
const adapter = drawnAdapter(network, head);
const texts = acceptabilityExamples("validation", 6).map(({ first }) => first);
let models: string;

beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), "blora-export-"));
  env.localModelPath = models;
  env.allowRemoteModels = false;
});
afterAll(() => rm(models, { recursive: true, force: true }));

describe.each(["merged", "branch"] as const)("an export with the adapter %s", (adapterForm) => {
  it("tags tokens through transformers.js as our model does", async () => {
    const name = `tags-${adapterForm}`;
    const out = join(models, name);
    await exportOnnx({ network, adapter, out, adapterForm });
    const pipe = (await pipeline("token-classification", name, { dtype: "fp32" })) as TokenClassificationPipeline;
    const tokenizer = await loadTokenizer(builtinModelFolder());
    const ours = createLoadedModel({ network, tokenizer, engine: onnx({ threads: 1 }) }).useAdapter(adapter);
    for (const text of texts) {
      const found = (await pipe(text, { ignore_labels: [] })) as { entity: string; score: number }[];
      const logits = (await ours.logits([text]))[0]!;
      const expected = Array.from({ length: logits.length / 3 - 2 }, (_, token) => {
        const own = logits.subarray(3 * (token + 1), 3 * (token + 2));
        const largest = Math.max(...own);
        const total = own.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
        return { entity: head.labels[own.indexOf(largest)], score: expect.closeTo(1 / total, 4) };
      });
      expect(found.map(({ entity, score }) => ({ entity, score }))).toEqual(expected);
    }
    const config = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    expect(config).toMatchObject({
      architectures: ["DebertaV2ForTokenClassification"],
      id2label: { 0: "O", 1: "B-THING", 2: "B-PLACE" },
    });
    const { largestDifference, largestLogit } = await measureExport({
      network: openPlain(network, adapter, "drawn"),
      engine: onnx({ threads: 1 }),
      file: join(out, "onnx", "model.onnx"),
    });
    expect(largestDifference).toBeLessThan(1e-4);
    expect(largestLogit).toBeGreaterThan(0.1);
  });
});

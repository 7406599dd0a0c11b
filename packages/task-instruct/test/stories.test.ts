import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bops } from "@blora/bops";
import { onnx } from "@blora/engine-onnx";
import { blora } from "@blora/lora";
import { qwen2 } from "@blora/model-qwen2";
import { uniform } from "@blora/quantizers";
import { loadTokenizer } from "@blora/tokenizer";
import { evaluate, type RunParts, train } from "@blora/trainer";
import { openCheckpoint } from "@blora/weights";
import { afterAll, describe, expect, test } from "vitest";
import { instruct } from "../src/index.ts";
import { dataFolder } from "./folder.ts";
import { generatedStories } from "./generated-stories.ts";

const data = process.env.BLORA_DATA;
const engine = onnx({ threads: 1 });
afterAll(() => engine.release());

describe.skipIf(!data)("a trained model, fine-tuned on a text it never saw (needs BLORA_DATA)", () => {
  test("B-LoRA raises the likelihood of held-out answers, with fewer bit operations than LoRA", async () => {
    const { train: learned, validation } = generatedStories();
    const folder = dataFolder({ "train.jsonl": learned, "validation.jsonl": validation });
    const source = join(data!, "models/stories260K");
    cpSync(join(source, "tok512.model"), join(folder, "tokenizer.model"));
    const parts: RunParts = {
      architecture: qwen2(),
      method: blora({ rank: 4, quantizer: uniform({ bits: [0, 2, 4, 8] }), bopsTarget: 0.1 }),
      task: instruct({ addBos: true }),
      costModel: bops(),
      engine,
      tokenizer: await loadTokenizer(folder),
      checkpoint: openCheckpoint(join(source, "qwen2-layout")),
      model: "stories260K",
      data: folder,
      arguments: {
        maxSeqLength: 96,
        packing: true,
        perDeviceTrainBatchSize: 8,
        learningRate: 5e-3,
        maxSteps: 60,
        evalSteps: 60,
        seed: 3,
      },
    };
    const before = (await evaluate(parts)).splits.validation!;
    const summary = await train({ ...parts, outputDirectory: join(folder, "run") });
    const after = (await evaluate({ ...parts, adapterDirectory: join(folder, "run/adapter") })).splits.validation!;

    expect(before.rows).toBe(validation.length);
    expect(before.loss!).toBeGreaterThan(1);
    expect(after.loss!).toBeLessThan(before.loss! / 4);
    // Packed scales were summed on the host, in another order than a step sums them.
    expect(after.scores!.logLikelihood).toBeCloseTo(summary.metric.value!, 5);
    expect(summary.bops.ratio).toBeLessThanOrEqual(0.1);
    expect(summary.bops.ratio).toBeGreaterThan(0.095);
    const { task_type } = JSON.parse(readFileSync(join(folder, "run/adapter/adapter_config.json"), "utf8"));
    expect(task_type).toBe("CAUSAL_LM");
  });
});

import { debertaV2 } from "@blora/model-deberta-v2";
import type { Engine } from "@blora/spec";
import { tokenizerOfFiles } from "@blora/tokenizer";
import { trainInMemory } from "@blora/trainer";
import type { Checkpoint } from "@blora/weights";
import { bops } from "../../../bops/src/index.ts";
import { hardConcrete } from "../../../gates/src/index.ts";
import { blora } from "../../../lora/src/index.ts";
import { uniform } from "../../../quantizers/src/index.ts";
import { builtinTask } from "../../src/builtin-task.ts";

export const MODEL_FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] as const;

/**
 * Losses of 50 updates of B-LoRA with learned gates, which draw noise, on the built-in model and task.
 *
 * @param files of the tokenizer
 */
export async function losses(
  engine: Engine,
  checkpoint: Checkpoint,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<number[]> {
  const found: number[] = [];
  await trainInMemory({
    architecture: debertaV2(),
    method: blora({ rank: 2, quantizer: uniform({ bits: [0, 2, 4, 8], gate: hardConcrete() }) }),
    task: builtinTask(),
    costModel: bops(),
    engine,
    tokenizer: await tokenizerOfFiles(files, "built-in"),
    checkpoint,
    model: "built-in",
    arguments: { seed: 7, maxSteps: 50, maxTrainSamples: 64, maxEvalSamples: 16, perDeviceTrainBatchSize: 8 },
    onEvent: (event) => {
      if (event.type === "step") found.push(event.loss);
    },
  });
  await engine.release();
  return found;
}

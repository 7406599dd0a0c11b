import { bops } from "@blora/bops";
import { builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { lora } from "@blora/lora";
import { debertaV2 } from "@blora/model-deberta-v2";
import type { FrozenTensor } from "@blora/spec";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { type Checkpoint, openCheckpoint } from "@blora/weights";
import { describe, expect, test } from "vitest";
import { type PlannedModel, planRun } from "../src/run/planned-model.ts";

const checkpoint = openCheckpoint(builtinModelFolder());
const { config } = checkpoint;

/** The checkpoint with the names that a base model is saved with, its weights in another format. */
function baseModel(): Pick<Checkpoint, "tensors" | "frozen"> {
  const names = new Map(checkpoint.names.map((name) => [name.replace(/^deberta\./, ""), name]));
  return {
    tensors: new Map([...names].map(([name, full]) => [name, { ...checkpoint.tensors.get(full)!, name }])),
    frozen: (name) => ({ ...checkpoint.frozen(names.get(name)!), storage: "bf16" }) as FrozenTensor,
  };
}

function plan(
  from: Pick<Checkpoint, "tensors" | "frozen"> | undefined,
  given: TrainingArgumentsInput = {},
): PlannedModel {
  const parts = {
    architecture: debertaV2(),
    method: lora({ rank: 2 }),
    costModel: bops(),
    engine: onnx({ threads: 1 }),
  };
  return planRun({ ...parts, config, checkpoint: from, arguments: given });
}

function storages({ plan: { tensors } }: PlannedModel): ReadonlySet<string> {
  return new Set(tensors.map(({ storage }) => storage));
}

describe("the plan of a run", () => {
  test("finds weights by the names of a base model", () => {
    expect(checkpoint.names.some((name) => name.startsWith("deberta."))).toBe(true);
    expect(storages(plan(baseModel()))).toEqual(new Set(["bf16"]));
    expect(storages(plan(checkpoint))).toEqual(new Set(["f16"]));
  });

  test("takes the format that config.json declares where there are no weights", () => {
    const parts = {
      architecture: debertaV2(),
      method: lora({ rank: 2 }),
      costModel: bops(),
      engine: onnx({ threads: 1 }),
    };
    const declared = { ...config, torch_dtype: "float32" };
    expect(storages(planRun({ ...parts, config: declared, checkpoint: undefined }))).toEqual(new Set(["f32"]));
  });

  test("splits a batch into passes, and keeps less of layers, as training does", () => {
    const whole = plan(checkpoint, { perDeviceTrainBatchSize: 8, maxSeqLength: 64 });
    expect([whole.batchSize, whole.length]).toEqual([8, 64]);
    const split = plan(checkpoint, { perDeviceTrainBatchSize: 8, maxSeqLength: 64, maxTokensPerPass: 256 });
    expect(split.batchSize).toBe(4);
    const sparing = plan(checkpoint, { perDeviceTrainBatchSize: 8, maxSeqLength: 64, gradientCheckpointing: true });
    expect(split.plan.train.totalBytes).toBeLessThan(whole.plan.train.totalBytes);
    expect(sparing.plan.train.totalBytes).toBeLessThan(whole.plan.train.totalBytes);
  });
});

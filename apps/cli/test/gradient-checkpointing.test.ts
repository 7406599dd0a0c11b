import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bops } from "@blora/bops";
import { onnx } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import { blora, lora } from "@blora/lora";
import { bindNetwork, openNetwork } from "@blora/network";
import { bayesianBits } from "@blora/quantizers";
import type { Feed, Head, Method, StepResult } from "@blora/spec";
import { ops, sizeOf, softmaxCrossEntropy, uniformValues } from "@blora/tensor";
import { openCheckpoint } from "@blora/weights";
import { afterAll, describe, expect, test } from "vitest";
import { DECODERS, ENCODERS, type Family } from "../../../internal/families/family.ts";
import { labelObjective } from "../../../packages/trainer/src/objective/label-objective.ts";
import { likelihoodObjective } from "../../../packages/trainer/src/objective/likelihood-objective.ts";
import { createTrainingState } from "../../../packages/trainer/src/state/training-state.ts";
import { type StepModel, trainingStep } from "../../../packages/trainer/src/steps/definitions.ts";
import { stepShape } from "../../../packages/trainer/src/steps/step-shape.ts";

const [B, T] = [2, 12];
const LABELS = ["a", "b"];
const folder = mkdtempSync(join(tmpdir(), "blora-checkpointing-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const gate = hardConcrete();
const METHODS: Readonly<Record<string, Method>> = {
  lora: lora({ rank: 2, alpha: 4 }),
  "lora with dropout": lora({ rank: 2, alpha: 4, dropout: 0.2 }),
  "blora at scope site": blora({
    rank: 2,
    scope: "site",
    quantizer: bayesianBits({ gate }),
    siteQuantizer: bayesianBits({ gate, minBits: 4, maxBits: 16 }),
  }),
};

const twoClasses = labelObjective({
  head: { kind: "classification", labels: LABELS },
  loss: (logits, labels) => softmaxCrossEntropy(logits, ops.cast(ops.oneHot(labels, LABELS.length), "float32")),
});

/** A training step of a tiny model, its operations and results. */
async function trained(family: Family, method: Method, gradientCheckpointing: boolean) {
  const { architecture } = family;
  const isCausal = architecture.languageModel !== undefined;
  const head: Head = isCausal ? { kind: "language-model" } : { kind: "classification", labels: LABELS };
  const opened = openNetwork(architecture, openCheckpoint(join(folder, family.name)), family.name);
  const network = bindNetwork(opened, method, head, undefined, 1);
  const objective = isCausal ? likelihoodObjective : twoClasses;
  const model: StepModel = { ...network, objective, costModel: bops(), gradientCheckpointing };
  const adapters = new Map(network.sites.map((site) => [site.path, method.init(site, 1)] as const));
  const state = createTrainingState(adapters, network.freshHead);
  const losses = isCausal ? B * T : B;
  const step = trainingStep(model, stepShape(state, { batchSize: B, length: T, losses, packed: false }));
  const feeds: Record<string, Feed> = {};
  for (const [name, { shape, dtype }] of Object.entries(step.inputs)) {
    const size = sizeOf(shape);
    if (dtype === "int32")
      feeds[name] = Int32Array.from({ length: size }, (_, index) => (name === "tokenTypeIds" ? 0 : index % 2));
    else feeds[name] = new Float32Array(size).fill(1);
  }
  const trainable: Record<string, Float32Array> = {};
  for (const [path, { parameter }] of state.entries()) {
    const { values, group } = parameter;
    if (path in feeds) feeds[path] = values;
    // An update of zeros has no gradient for A.
    const noise = group === "weights" ? uniformValues({ seed: 2, step: 0, path }, values.length) : undefined;
    if (path in step.trainable) trainable[path] = values.map((value, index) => value + 0.1 * (noise?.[index] ?? 0));
  }
  const engine = onnx({ threads: 1 });
  const { macs } = engine.plan!(step);
  const compiled = await engine.compile(step);
  const result = await compiled.run(feeds, trainable, { seed: 3, step: 1 });
  const gradients = Object.entries(result.gradients).map(([name, gradient]) => [name, gradient.slice()] as const);
  await engine.release();
  const copied: StepResult = { ...result, gradients: Object.fromEntries(gradients) };
  return { macs, result: copied };
}

describe.each([...ENCODERS, ...DECODERS])("gradient checkpointing of $name", (family) => {
  family.write(join(folder, family.name));

  test.each(Object.keys(METHODS))(
    "gives the loss and gradients of %s to the last bit, and computes layers again",
    async (name) => {
      const kept = await trained(family, METHODS[name]!, false);
      const again = await trained(family, METHODS[name]!, true);
      expect(again.result).toEqual(kept.result);
      expect(Object.values(kept.result.gradients).some((gradient) => gradient.some((value) => value !== 0))).toBe(true);
      expect(again.macs).toBeGreaterThan(kept.macs);
    },
  );
});

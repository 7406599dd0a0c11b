import type { Parameter, StepDefinition } from "@blora/spec";
import { ops, type Tensor, type TensorSpec } from "@blora/tensor";
import { batchInputs } from "../data/feeds.ts";
import { forward } from "./forward.ts";
import type { Model } from "./model.ts";
import { type StepShape, shapesOf } from "./step-shape.ts";

/**
 * One training step: Σ rowWeights·loss + (Σ rowWeights)·penalty, so that the
 * losses and gradients of the batches of one update simply add up when their
 * row weights add up to 1. Outputs `taskLoss` and, where there is one, `penalty`.
 */
export function trainingStep(model: Model, shape: StepShape): StepDefinition {
  return {
    name: `train ${shape.batchSize}x${shape.length}`,
    mode: "train",
    inputs: { ...batchSpecs(model, shape), ...parameterSpecs(shape, ({ group }) => group === "frozen") },
    trainable: shapesOf(shape.parameters, ({ group }) => group !== "frozen"),
    frozen: model.frozen,
    compute(tensors) {
      const { labels, rowWeights } = tensors.input;
      const { logits, adapters } = forward(model, shape.layouts, tensors);
      const taskLoss = ops.sum(ops.mul(model.task.loss(logits, labels!), rowWeights!));
      const penalty = model.method.penalty?.(adapters, model.costModel);
      if (penalty === undefined) return { loss: taskLoss, outputs: { taskLoss } };
      const loss = ops.add(taskLoss, ops.mul(ops.sum(rowWeights!), penalty));
      return { loss, outputs: { taskLoss, penalty } };
    },
  };
}

/** One evaluation batch. Outputs `logits` [B, C] and `losses` [B]. */
export function evaluationStep(model: Model, shape: StepShape): StepDefinition {
  return {
    name: `evaluate ${shape.batchSize}x${shape.length}`,
    mode: "eval",
    inputs: { ...batchSpecs(model, shape), ...parameterSpecs(shape, () => true) },
    trainable: {},
    frozen: model.frozen,
    compute(tensors) {
      const { logits } = forward(model, shape.layouts, tensors);
      return { outputs: { logits, losses: model.task.loss(logits, tensors.input.labels!) } };
    },
  };
}

/** Joins a site path and the name of an observed scalar; neither holds a colon. */
export const OBSERVATION_SEPARATOR = ":";

/** One batch in evaluation mode whose outputs are the scalars `Method.observe` records. */
export function observationStep(model: Model, shape: StepShape): StepDefinition {
  return {
    name: `observe ${shape.batchSize}x${shape.length}`,
    mode: "eval",
    inputs: { ...batchSpecs(model, shape), ...parameterSpecs(shape, () => true) },
    trainable: {},
    frozen: model.frozen,
    compute(tensors) {
      const outputs: Record<string, Tensor> = {};
      forward(model, shape.layouts, tensors, (adapter, x, base) => {
        const observed = model.method.observe?.(adapter, x, base, tensors.context) ?? {};
        for (const [name, scalar] of Object.entries(observed)) {
          outputs[adapter.site.path + OBSERVATION_SEPARATOR + name] = scalar;
        }
      });
      return { outputs };
    },
  };
}

function batchSpecs(model: Model, { batchSize, length }: StepShape): Record<string, TensorSpec> {
  return batchInputs(batchSize, length, model.task.head);
}

function parameterSpecs(shape: StepShape, keep: (parameter: Parameter) => boolean): Record<string, TensorSpec> {
  const shapes = shapesOf(shape.parameters, keep);
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: "float32" }]));
}

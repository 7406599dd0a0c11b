import type { Parameter, StepDefinition, StepInputs } from "@blora/spec";
import { ops, type Tensor, type TensorSpec } from "@blora/tensor";
import { tokenInputs } from "../data/feeds.ts";
import type { BatchResult } from "../objective/objective.ts";
import type { SiteVisitor } from "./base-linear.ts";
import type { Model } from "./model.ts";
import { batchOf, traceNetwork } from "./network.ts";
import { type StepShape, shapesOf } from "./step-shape.ts";

/** A model as far as its steps depend on it. */
export type StepModel = Omit<Model, "task">;

/**
 * One training step: Σ weights·losses + (Σ weights)·penalty, so that the losses
 * and gradients of the batches of one update simply add up when their weights
 * add up to 1. Outputs `taskLoss` and, where there is one, `penalty`.
 */
export function trainingStep(model: StepModel, shape: StepShape): StepDefinition {
  return {
    name: `train ${describeShape(shape)}`,
    mode: "train",
    inputs: {
      ...batchSpecs(model, shape),
      weights: { shape: [shape.losses], dtype: "float32" },
      ...parameterSpecs(shape, ({ group }) => group === "frozen"),
    },
    trainable: shapesOf(shape.parameters, ({ group }) => group !== "frozen"),
    frozen: model.frozen,
    compute(tensors) {
      const weights = tensors.input.weights!;
      const { losses, adapters } = forward(model, shape, tensors);
      const taskLoss = ops.sum(ops.mul(losses, weights));
      const penalty = model.method.penalty?.(adapters, model.costModel);
      if (penalty === undefined) return { loss: taskLoss, outputs: { taskLoss } };
      const loss = ops.add(taskLoss, ops.mul(ops.sum(weights), penalty));
      return { loss, outputs: { taskLoss, penalty } };
    },
  };
}

/** One evaluation batch. Outputs `losses` [N] and, where rows have one answer, `logits` [B, C]. */
export function evaluationStep(model: StepModel, shape: StepShape): StepDefinition {
  return {
    name: `evaluate ${describeShape(shape)}`,
    mode: "eval",
    inputs: { ...batchSpecs(model, shape), ...parameterSpecs(shape, () => true) },
    trainable: {},
    frozen: model.frozen,
    compute(tensors) {
      const { losses, logits } = forward(model, shape, tensors);
      return { outputs: { losses, ...(logits && { logits }) } };
    },
  };
}

/** Joins a site path and the name of an observed scalar; neither holds a colon. */
export const OBSERVATION_SEPARATOR = ":";

/** One batch in evaluation mode whose outputs are the scalars `Method.observe` records. */
export function observationStep(model: Model, shape: StepShape): StepDefinition {
  return {
    name: `observe ${describeShape(shape)}`,
    mode: "eval",
    inputs: { ...batchSpecs(model, shape), ...parameterSpecs(shape, () => true) },
    trainable: {},
    frozen: model.frozen,
    compute(tensors) {
      const outputs: Record<string, Tensor> = {};
      forward(model, shape, tensors, (adapter, x, base) => {
        const observed = model.method.observe?.(adapter, x, base, tensors.context) ?? {};
        for (const [name, scalar] of Object.entries(observed)) {
          outputs[adapter.site.path + OBSERVATION_SEPARATOR + name] = scalar;
        }
      });
      return { outputs };
    },
  };
}

function forward(
  model: StepModel,
  { layouts }: StepShape,
  tensors: StepInputs,
  visit?: SiteVisitor,
): BatchResult & Pick<ReturnType<typeof traceNetwork>, "adapters"> {
  const { inputs, adapters } = traceNetwork(model, layouts, tensors, visit);
  return { ...model.objective.compute(model, inputs, batchOf(tensors.input), tensors.input), adapters };
}

function describeShape({ batchSize, length, losses }: StepShape): string {
  return losses === batchSize ? `${batchSize}x${length}` : `${batchSize}x${length}, ${losses} targets`;
}

function batchSpecs({ objective }: StepModel, shape: StepShape): Record<string, TensorSpec> {
  return { ...tokenInputs(shape), ...objective.inputs(shape) };
}

function parameterSpecs(shape: StepShape, keep: (parameter: Parameter) => boolean): Record<string, TensorSpec> {
  const shapes = shapesOf(shape.parameters, keep);
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: "float32" }]));
}

import { type AdaptedNetwork, batchOf, type SiteVisitor, tokenInputs, traceNetwork } from "@blora/network";
import type { CostModel, Method, Parameter, StepDefinition, StepInputs, Task } from "@blora/spec";
import { ops, type TensorSpec } from "@blora/tensor";
import type { BatchResult, Objective } from "../objective/objective.ts";
import { createObserver } from "./observation.ts";
import { type StepShape, shapesOf } from "./step-shape.ts";

/** A network with its task and method: what every training and evaluation step is made from. */
export interface Model extends AdaptedNetwork {
  readonly task: Task;
  readonly objective: Objective;
  readonly method: Method;
  readonly costModel: CostModel;
  /** Whether training steps compute activations inside of layers again rather than keep them. Default false. */
  readonly gradientCheckpointing?: boolean | undefined;
}

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
    gradientCheckpointing: model.gradientCheckpointing,
    compute(tensors) {
      const weights = tensors.input.weights!;
      const { losses, adapters } = forward(model, shape, tensors);
      const taskLoss = ops.sum(ops.mul(losses, weights));
      const penalty = model.method.training?.penalty?.(adapters, model.costModel);
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

/** One batch in evaluation mode whose outputs are what `MethodTraining.observe` records of all sites, for `readObservations`. */
export function observationStep(model: StepModel, shape: StepShape): StepDefinition {
  return {
    name: `observe ${describeShape(shape)}`,
    mode: "eval",
    inputs: { ...batchSpecs(model, shape), ...parameterSpecs(shape, () => true) },
    trainable: {},
    frozen: model.frozen,
    compute(tensors) {
      const observer = createObserver(model.method);
      forward(model, shape, tensors, observer.visit);
      return { outputs: observer.outputs() };
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

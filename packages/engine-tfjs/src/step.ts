import {
  type CompiledStep,
  type Context,
  didYouMean,
  InvalidInputError,
  type NoiseKey,
  NotFoundError,
  type StepDefinition,
  type StepInputs,
  type StepOutputs,
  type StepResult,
} from "@blora/spec";
import {
  dropoutMaskValues,
  ops,
  sizeOf,
  type Tensor,
  type TensorRecord,
  uniformValues,
  valueAndGradients,
} from "@blora/tensor";
import { engine, tidy } from "@tensorflow/tfjs-core";
import { checkFeeds, inputTensor } from "./feeds.ts";

/**
 * A step that calls `definition.compute` eagerly on every run. `activate`
 * makes the engine's backend the current one; a run never waits between that
 * and its last op, so steps of other backends cannot come in between.
 */
export function createStep(
  definition: StepDefinition,
  frozen: ReadonlyMap<string, Tensor>,
  activate: () => void,
): CompiledStep {
  return {
    macs: undefined,
    async run(feeds, trainable, noise) {
      checkFeeds(definition, feeds, trainable);
      activate();
      let result: StepResult | undefined;
      // Set from inside: `tidy` would search a returned value for tensors, number by number.
      try {
        tidy(() => {
          result = runOnce(definition, frozen, feeds, trainable, noise);
        });
      } catch (error) {
        freeSavedTensors();
        throw error;
      }
      return result!;
    },
    // All that outlives a run is the frozen tensors, and they belong to the engine.
    async release() {},
  };
}

/** Frees what was saved for a backward pass that never came: no scope does. */
function freeSavedTensors(): void {
  for (const { saved } of engine().state.activeTape ?? []) {
    for (const tensor of saved ?? []) tensor.dispose();
  }
}

function runOnce(
  definition: StepDefinition,
  frozen: ReadonlyMap<string, Tensor>,
  feeds: Parameters<CompiledStep["run"]>[0],
  trainable: Parameters<CompiledStep["run"]>[1],
  noise: NoiseKey,
): StepResult {
  const variables = Object.entries(definition.trainable).map(([name, shape]): [string, Tensor] => [
    name,
    inputTensor(trainable[name]!, { shape, dtype: "float32" }),
  ]);
  const inputs = Object.entries(definition.inputs).map(([name, spec]) => [name, inputTensor(feeds[name]!, spec)]);
  const tensors: StepInputs = {
    input: Object.fromEntries(inputs),
    trainable: Object.fromEntries(variables),
    frozen: (name) => frozenTensor(definition, frozen, name),
    context: createContext(definition.mode, noise),
  };
  if (variables.length > 0) return differentiate(definition, tensors, variables);
  const { loss, outputs } = definition.compute(tensors);
  return { loss: loss && scalarOf(definition, loss), outputs: readAll(outputs), gradients: {} };
}

function differentiate(
  definition: StepDefinition,
  tensors: StepInputs,
  variables: readonly (readonly [string, Tensor])[],
): StepResult {
  let outputs: StepResult["outputs"] = {};
  const { value, gradients } = valueAndGradients(
    () => {
      const computed = definition.compute(tensors);
      // Read here: the scope of the differentiation frees everything but the loss.
      outputs = readAll(computed.outputs);
      return lossOf(definition, computed);
    },
    variables.map(([, variable]) => variable),
  );
  return {
    loss: scalarOf(definition, value),
    outputs,
    gradients: readAll(Object.fromEntries(variables.map(([name], index) => [name, gradients[index]!]))),
  };
}

function createContext(mode: Context["mode"], { seed, step }: NoiseKey): Context {
  return {
    mode,
    uniform: (path, shape) => ops.tensor(uniformValues({ seed, step, path }, sizeOf(shape)), [...shape]),
    dropoutMask: (path, shape, probability) =>
      ops.tensor(dropoutMaskValues({ seed, step, path }, sizeOf(shape), probability), [...shape]),
  };
}

function frozenTensor({ name: step }: StepDefinition, frozen: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = frozen.get(name);
  if (tensor !== undefined) return tensor;
  throw new NotFoundError(`Step "${step}" has no frozen tensor "${name}".${didYouMean(name, [...frozen.keys()])}`);
}

function lossOf({ name }: StepDefinition, { loss }: StepOutputs): Tensor {
  if (loss !== undefined) return loss;
  throw new InvalidInputError(`Step "${name}" has trainable tensors and must compute a loss, found none.`);
}

function scalarOf({ name }: StepDefinition, loss: Tensor): number {
  if (loss.size === 1) return loss.dataSync()[0]!;
  throw new InvalidInputError(`The loss of step "${name}" must be a scalar, found shape [${loss.shape}].`);
}

/** Copies, because a backend may hand out memory it shares with what the caller fed. */
function readAll(tensors: TensorRecord = {}): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, new Float32Array(tensor.dataSync())]),
  );
}

import type { Architecture, Head, ParameterSpec, StepDefinition } from "@blora/spec";
import { linear, normalValues, ops, type Shape, sizeOf, softmaxCrossEntropy } from "@blora/tensor";

export interface PretrainedParameter {
  readonly shape: Shape;
  readonly values: Float32Array;
  /** Whether weight decay applies: to matrices, not to biases and norms. */
  readonly decays: boolean;
}

export function initialParameters(specs: readonly ParameterSpec[], seed: number): Map<string, PretrainedParameter> {
  return new Map(
    specs.map(({ name, shape, init }) => {
      const size = sizeOf(shape);
      const values =
        init.kind === "normal"
          ? normalValues({ seed, step: 0, path: name }, size, init.standardDeviation)
          : new Float32Array(size).fill(init.kind === "ones" ? 1 : 0);
      return [name, { shape, values, decays: shape.length > 1 }];
    }),
  );
}

export interface PretrainingStepOptions<Config> {
  readonly architecture: Architecture<Config>;
  readonly config: Config;
  readonly head: Head;
  readonly specs: readonly ParameterSpec[];
  /** B */
  readonly batch: number;
  /** T */
  readonly length: number;
  /** P, predictions of a batch */
  readonly positions: number;
}

/** Mean cross entropy of the predicted tokens, differentiable by every tensor of the network. */
export function pretrainingStep<Config>(options: PretrainingStepOptions<Config>): StepDefinition {
  const { architecture, config, head, specs, batch: B, length: T, positions: P } = options;
  return {
    name: "pretrain",
    mode: "train",
    inputs: {
      inputIds: { shape: [B, T], dtype: "int32" },
      attentionMask: { shape: [B, T], dtype: "float32" },
      positions: { shape: [P], dtype: "int32" },
      targets: { shape: [P], dtype: "int32" },
    },
    trainable: Object.fromEntries(specs.map(({ name, shape }) => [name, shape])),
    frozen: new Map(),
    compute: ({ input, trainable, context }) => {
      const logits = architecture.forward({
        config,
        head,
        lookup: (name) => trainable[name]!,
        batch: { inputIds: input.inputIds!, attentionMask: input.attentionMask!, positions: input.positions! },
        linear: (path, x) => linear(x, trainable[`${path}.weight`]!, trainable[`${path}.bias`]),
        context,
      });
      const targets = ops.cast(ops.oneHot(input.targets!, logits.shape[1]!), "float32"); // [P, V]
      return { loss: ops.mean(softmaxCrossEntropy(logits, targets)) };
    },
  };
}

import type { Feed, FrozenTensor, StepDefinition, StepInputs } from "@blora/spec";
import {
  gelu,
  layerNorm,
  linear,
  lowRankLinear,
  normalValues,
  ops,
  type Shape,
  sizeOf,
  softmax,
  softmaxCrossEntropy,
  type Tensor,
} from "@blora/tensor";

/** A BERT-like encoder with LoRA on all six linear maps of every layer. */
export interface EncoderShape {
  /** H */
  readonly hidden: number;
  readonly layers: number;
  /** B */
  readonly batch: number;
  /** T */
  readonly length: number;
  /** R */
  readonly rank: number;
}

export const VOCABULARY = 4000;
export const HEAD_SIZE = 64;
export const SITES = ["q", "k", "v", "o", "f1", "f2"] as const;
export const CLASSES = 2;

export function siteShape(site: (typeof SITES)[number], hidden: number): [O: number, I: number] {
  if (site === "f1") return [4 * hidden, hidden];
  return site === "f2" ? [hidden, 4 * hidden] : [hidden, hidden];
}

/** Multiply-accumulates that no implementation can avoid: forward products, and their gradients by activations. */
export function requiredMacs({ hidden, layers, batch, length, rank }: EncoderShape): number {
  const tokens = batch * length;
  const linears = 12 * hidden * hidden;
  const adapters =
    3 * rank * SITES.reduce((total, site) => total + siteShape(site, hidden)[0] + siteShape(site, hidden)[1], 0);
  const attention = 2 * length * hidden;
  return layers * tokens * (2 * linears + adapters + 3 * attention);
}

export interface EncoderStep {
  readonly step: StepDefinition;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly trainable: Readonly<Record<string, Float32Array>>;
}

/** How sites are adapted inside a step, and what that adds to the loss. */
export interface Adaptation {
  apply(path: string, x: Tensor, weight: Tensor, bias: Tensor): Tensor;
  readonly penalty?: Tensor | undefined;
}

/** @param adapt in place of plain LoRA; its own tensors must be added to the step */
export function encoderStep(shape: EncoderShape, adapt: (tensors: StepInputs) => Adaptation = plainLora): EncoderStep {
  const { hidden, layers, batch, length, rank } = shape;
  const frozen = new Map<string, FrozenTensor>();
  const trainable: Record<string, Float32Array> = {};
  const trainableShapes: Record<string, Shape> = {};
  const random = (path: string, size: number, scale: number) => normalValues({ seed: 1, step: 0, path }, size, scale);
  const freeze = (name: string, tensorShape: Shape, scale: number) =>
    frozen.set(name, { shape: tensorShape, storage: "f32", source: random(name, sizeOf(tensorShape), scale) });
  const train = (name: string, tensorShape: Shape, scale: number) => {
    trainable[name] = random(name, sizeOf(tensorShape), scale);
    trainableShapes[name] = tensorShape;
  };

  freeze("embedding", [VOCABULARY, hidden], 0.05);
  freeze("norm.scale", [hidden], 1);
  freeze("norm.shift", [hidden], 0.1);
  for (let layer = 0; layer < layers; layer++) {
    for (const site of SITES) {
      const [O, I] = siteShape(site, hidden);
      freeze(`${layer}.${site}.weight`, [O, I], 1 / Math.sqrt(I));
      freeze(`${layer}.${site}.bias`, [O], 0.02);
      train(`${layer}.${site}.A`, [rank, I], 1 / Math.sqrt(I));
      train(`${layer}.${site}.B`, [O, rank], 0.02);
    }
  }
  train("classifier", [CLASSES, hidden], 0.05);

  const step: StepDefinition = {
    name: `encoder H=${hidden} L=${layers} B=${batch} T=${length}`,
    mode: "train",
    inputs: {
      ids: { shape: [batch * length], dtype: "int32" },
      targets: { shape: [batch, CLASSES], dtype: "float32" },
    },
    trainable: trainableShapes,
    frozen,
    compute: (tensors) => {
      const { input, trainable, frozen } = tensors;
      const { apply, penalty } = adapt(tensors);
      const norm = (x: Tensor) => layerNorm(x, frozen("norm.scale"), frozen("norm.shift"), 1e-7);
      const heads = (x: Tensor) =>
        ops.transpose(ops.reshape(x, [batch, length, hidden / HEAD_SIZE, HEAD_SIZE]), [0, 2, 1, 3]);
      let x = norm(ops.gather(frozen("embedding"), input.ids!));
      for (let layer = 0; layer < layers; layer++) {
        const adapted = (site: string, x: Tensor) => {
          const name = `${layer}.${site}`;
          return apply(name, x, frozen(`${name}.weight`), frozen(`${name}.bias`));
        };
        const query = heads(ops.mul(adapted("q", x), 1 / Math.sqrt(HEAD_SIZE)));
        const attention = softmax(ops.matMul(query, heads(adapted("k", x)), false, true)); // [B, N, T, T]
        const mixed = ops.transpose(ops.matMul(attention, heads(adapted("v", x))), [0, 2, 1, 3]);
        x = norm(ops.add(x, adapted("o", ops.reshape(mixed, [batch * length, hidden]))));
        x = norm(ops.add(x, adapted("f2", gelu(adapted("f1", x)))));
      }
      const first = ops.reshape(ops.slice(ops.reshape(x, [batch, length, hidden]), [0, 0, 0], [batch, 1, hidden]), [
        batch,
        hidden,
      ]);
      const logits = linear(first, trainable.classifier!);
      const taskLoss = ops.mean(softmaxCrossEntropy(logits, input.targets!));
      return { loss: penalty === undefined ? taskLoss : ops.add(taskLoss, penalty) };
    },
  };
  const ids = Int32Array.from({ length: batch * length }, (_, index) => (index * 7919) % VOCABULARY);
  const targets = Float32Array.from({ length: batch * CLASSES }, (_, index) =>
    Number(index % CLASSES === Math.floor(index / CLASSES) % CLASSES),
  );
  return { step, feeds: { ids, targets }, trainable };
}

function plainLora({ trainable }: StepInputs): Adaptation {
  return {
    apply: (path, x, weight, bias) => lowRankLinear(x, weight, bias, trainable[`${path}.A`]!, trainable[`${path}.B`]!),
  };
}

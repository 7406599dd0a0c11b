import { logSoftmax, mul, neg, sub, sum, softmax as tfjsSoftmax } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";

/** Softmax over the last axis. */
export const softmax: (logits: Tensor) => Tensor = withGradient((logits: Tensor) => {
  const value = tfjsSoftmax(logits);
  return {
    value,
    saved: [value],
    gradient: (dy, [y]) => {
      const weighted = mul(dy, y!);
      return [sub(weighted, mul(sum(weighted, -1, true), y!))];
    },
  };
});

/**
 * Cross entropy of each row, in nats.
 *
 * @param logits [M, C]
 * @param targets [M, C], rows that sum to 1
 * @returns [M]
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return neg(sum(mul(logSoftmax(logits), targets), -1));
}

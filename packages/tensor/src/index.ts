import "./gradients.ts";

export { type Differentiable, valueAndGradients, withGradient } from "./autodiff.ts";
export { gelu } from "./fused/gelu.ts";
export { layerNorm } from "./fused/layer-norm.ts";
export { frozenLinear, linear, lowRankLinear } from "./fused/linear.ts";
export { linearCrossEntropy } from "./fused/linear-cross-entropy.ts";
export { softmax, softmaxCrossEntropy } from "./fused/softmax.ts";
export { evaluateOnHost } from "./host.ts";
export { expectedOpen, nestedExpectation, nestedPenalty, nestedProduct, nestedRank } from "./nested.ts";
export { type NoiseAddress, normalValues, permutation, randomWords, uniformValues } from "./noise.ts";
export * as ops from "./ops.ts";
export { type Counter, type Key, philox4x32 } from "./philox.ts";
export { roundStraightThrough } from "./straight-through.ts";
export type { DType, HostTensor, Shape, Tensor, TensorRecord, TensorSpec } from "./types.ts";
export { sizeOf } from "./types.ts";

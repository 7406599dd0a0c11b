import "./gradients.ts";

export { type Differentiable, valueAndGradients, withGradient } from "./autodiff.ts";
export {
  type DropoutPlan,
  dropoutCounters,
  dropoutKey,
  dropoutMaskValues,
  dropoutPlan,
  FACTORS as DROPOUT_FACTORS,
  SHIFTS as DROPOUT_SHIFTS,
  WORD_BITS as DROPOUT_WORD_BITS,
} from "./dropout-mask.ts";
export {
  afterPast,
  type CausalInputs,
  type CausalMasks,
  causalAttention,
  causalBias,
  groupedAttention,
} from "./fused/attention.ts";
export { ABOVE_ZERO, clippedRounding, passInside } from "./fused/clipped-rounding.ts";
export { gelu } from "./fused/gelu.ts";
export { geluTanh } from "./fused/gelu-tanh.ts";
export { layerNorm } from "./fused/layer-norm.ts";
export { frozenLinear, linear, linearWithUpdate, lowRankLinear } from "./fused/linear.ts";
export { linearCrossEntropy } from "./fused/linear-cross-entropy.ts";
export { type LevelsOf, onGrid } from "./fused/on-grid.ts";
export { rmsNorm } from "./fused/rms-norm.ts";
export { type RotaryTables, rotary, rotaryTables } from "./fused/rotary.ts";
export { siluGate } from "./fused/silu-gate.ts";
export { softmax, softmaxCrossEntropy } from "./fused/softmax.ts";
export { trainedCrossEntropy } from "./fused/trained-cross-entropy.ts";
export { evaluateOnHost } from "./host.ts";
export { type ChainGate, type NestedChain, nestedChain, nestedProduct, nestedShares } from "./nested.ts";
export { type NoiseAddress, normalValues, permutation, randomWords, uniformValues } from "./noise.ts";
export * as ops from "./ops.ts";
export { rowsOf, transposed } from "./parts.ts";
export { detached, stratifiedRows, withSampledGradient, withSampledWeightGradient } from "./sampled-gradient.ts";
export { roundStraightThrough } from "./straight-through.ts";
export type { DType, HostTensor, Shape, Tensor, TensorRecord, TensorSpec } from "./types.ts";
export { sizeOf } from "./types.ts";

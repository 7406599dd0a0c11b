export { type BayesianBitsOptions, bayesianBits } from "./bayesian-bits.ts";
export { type ReferencePenaltyInputs, referencePenalty } from "./reference-penalty.ts";
export { roundToBits, roundToMixture, stepSize } from "./rounding.ts";
export { type UniformOptions, uniform } from "./uniform.ts";

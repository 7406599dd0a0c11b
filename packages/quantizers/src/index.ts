export { type BayesianBitsOptions, bayesianBits } from "./bayesian-bits.ts";
export { nestedChain } from "./chain.ts";
export { type UniformOptions, uniform } from "./uniform.ts";

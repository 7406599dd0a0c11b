export { type BayesianBitsOptions, bayesianBits } from "./bayesian-bits.ts";
export { type UniformOptions, uniform } from "./uniform.ts";

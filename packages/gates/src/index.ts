export { expectedOpen, nestedPenalty, nestedProduct, nestedRank } from "@blora/tensor";
export { type BinaryConcreteOptions, binaryConcrete } from "./binary-concrete.ts";
export { type HardConcreteOptions, hardConcrete } from "./hard-concrete.ts";

export { type BinaryConcreteOptions, binaryConcrete } from "./binary-concrete.ts";
export { type HardConcreteOptions, hardConcrete } from "./hard-concrete.ts";

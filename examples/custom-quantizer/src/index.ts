export { type LearnedPowerOfTwoOptions, learnedPowerOfTwo } from "./learned-power-of-two.ts";
export { powerOfTwo } from "./power-of-two.ts";

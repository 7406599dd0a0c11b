import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import tiny from "./tiny.ts";

/** The same updates of a method that has a state of its own, and random numbers in every step. */
const recipe: typeof tiny = { ...tiny, method: blora({ rank: 2, quantizer: uniform({ bits: [0, 2, 4] }) }) };

export default recipe;

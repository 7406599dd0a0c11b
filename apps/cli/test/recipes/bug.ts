import { lora } from "@blora/lora";
import tiny from "./tiny.ts";

const method = lora({ rank: 1 });

/** Fails as a fault in code does. */
const recipe: typeof tiny = {
  ...tiny,
  method: {
    ...method,
    training: {
      beforeStep() {
        throw new TypeError("the plan has no step");
      },
    },
  },
};

export default recipe;

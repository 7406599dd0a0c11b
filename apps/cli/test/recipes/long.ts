import { lora } from "@blora/lora";
import tiny from "./tiny.ts";

/** More updates than a test waits for. */
const recipe: typeof tiny = {
  ...tiny,
  method: lora({ rank: 3 }),
  training: { ...tiny.training, maxSteps: 5000, evalSteps: 5000, saveSteps: 5000 },
};

export default recipe;

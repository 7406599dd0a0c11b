import tiny from "./tiny.ts";

/** Saves often enough to be killed and to go on. */
const recipe: typeof tiny = {
  ...tiny,
  training: { ...tiny.training, maxSteps: 40, evalSteps: 20, saveSteps: 5 },
};

export default recipe;

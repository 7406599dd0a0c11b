import tiny from "./tiny.ts";

/** A folder of the test's whose last name `model-b` shares. */
const recipe: typeof tiny = { ...tiny, model: `${process.env.BLORA_TEST_FOLDER}/a/m` };

export default recipe;

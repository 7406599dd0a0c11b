import type { Registry } from "@blora/core";
import { type ComponentManifest, InvalidInputError } from "@blora/spec";
import { parseTrainingArguments, type TrainingArgumentsInput, trainingArgumentsSchema } from "@blora/trainer";
import { UsageError } from "../exit.ts";
import { optionsOf } from "../reference/options-of.ts";
import { fullPathsOf } from "./option-paths.ts";
import type { Assignment } from "./request.ts";
import { type OptionTree, withOption } from "./set-option.ts";

/**
 * Training arguments with what flags set, each checked by itself so that an error names its flag.
 *
 * @param components whose options somebody may mean who leaves out where they belong
 * @throws UsageError for a flag of the wrong type, or that nothing is called as
 */
export function argumentsWith(
  given: TrainingArgumentsInput,
  assignments: readonly Assignment[],
  components: readonly ComponentManifest[],
  registry: Registry,
): TrainingArgumentsInput {
  let tree = given as OptionTree;
  for (const { flag, path, value } of assignments) {
    try {
      parseTrainingArguments(withOption({}, path, value));
    } catch (error) {
      if (!InvalidInputError.isInstance(error)) throw error;
      const meant = isArgument(path) ? [] : fullPathsOf(path, components, registry);
      const problem =
        meant.length === 0
          ? error.message.replace(/^Training arguments: /, "")
          : `unknown key "${path.join(".")}" (did you mean ${meant.join(", ")}?).`;
      throw new UsageError(`${flag}: ${problem}`, { cause: error });
    }
    tree = withOption(tree, path, value);
  }
  return tree as TrainingArgumentsInput;
}

function isArgument([name]: readonly string[]): boolean {
  return optionsOf(trainingArgumentsSchema).some(({ path }) => path === name);
}

import { definePlugin, type LabelTask, type Plugin, type Understood } from "@blora/spec";
import { createTask } from "./create-task.ts";
import { tablesOfFiles } from "./files.ts";
import { type ClassifyOptions, optionsSchema } from "./options.ts";
import { understand } from "./understand.ts";

/** What a data file or folder says that `given` leaves open, see `understand`. */
export function understandData(
  data: string,
  given: Partial<ClassifyOptions> = {},
): Promise<Understood<ClassifyOptions>> {
  return understand(tablesOfFiles(data), given);
}

/**
 * A class, any number of classes, or a number for a text or a pair of texts, from your own csv, tsv, jsonl, json or parquet
 * files.
 *
 * @example const { options } = await understandData("reviews.csv");
 * const reviews = classify(options);
 */
export const classify: Plugin<"task", "classify", ClassifyOptions, LabelTask> = definePlugin({
  kind: "task",
  id: "classify",
  packageName: "@blora/task-classify",
  optionsSchema,
  fromData: understandData,
  create: (options) => createTask(options, tablesOfFiles),
});

import { definePlugin, type LabelTask, type Plugin, type Understood } from "@blora/spec";
import { createTask } from "./create-task.ts";
import { type ClassifyOptions, optionsSchema } from "./options.ts";
import { type TablesInMemory, tablesInMemory } from "./tables.ts";
import { understand } from "./understand.ts";

/** As `understandData`, of tables in memory: `train`, and `validation` where there is one. `name` is for messages. */
export function understandTables(
  name: string,
  tables: TablesInMemory,
  given: Partial<ClassifyOptions> = {},
): Promise<Understood<ClassifyOptions>> {
  return understand(tablesInMemory(name, tables), given);
}

/** The task of `classify` with the same manifest, on tables in memory wherever it is told to load from. */
export function classifyTables(options: ClassifyOptions, tables: TablesInMemory): ReturnType<ClassifyPlugin> {
  const source = tablesInMemory("data", tables);
  const plugin: ClassifyPlugin = definePlugin({
    kind: "task",
    id: "classify",
    packageName: "@blora/task-classify",
    optionsSchema,
    create: (settings) => {
      const task = createTask(settings, () => source);
      return { ...task, load: (split, _, use) => task.load(split, source.name, use) };
    },
  });
  return plugin(options);
}

type ClassifyPlugin = Plugin<"task", "classify", ClassifyOptions, LabelTask>;

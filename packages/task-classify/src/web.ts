/** What needs no file system: the same functions as in Node. */
export { classifyTables, understandTables } from "./in-memory.ts";
export type { ClassifyOptions } from "./options.ts";
export type { TablesInMemory } from "./tables.ts";

export { classify, understandData } from "./classify.ts";
export { classifyTables, understandTables } from "./in-memory.ts";
export type { ClassifyOptions } from "./options.ts";
export type { TablesInMemory } from "./tables.ts";

/** What needs no file system: the same functions as in Node. */
export { type WeightFormat, weightFormats } from "./export-graph.ts";
export { type ExportInMemoryOptions, exportInMemory } from "./export-in-memory.ts";

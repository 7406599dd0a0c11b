export type { DataFormat } from "./file-name.ts";
export { findSplit, type SplitFiles, type SplitPlaces } from "./find-split.ts";
export { allFiles, type DataFolder, findFiles, findSplitFiles, openFolder } from "./folder.ts";
export type { DataRecord, NameRow } from "./jsonl.ts";
export { readRecords } from "./read-records.ts";
export { readTable } from "./read-table.ts";
export { requireColumn, requireText, rowOrigin, type Table, type TableRow } from "./table.ts";
export type { TextTableOptions } from "./text-table.ts";

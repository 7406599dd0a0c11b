/** What needs no file system: the same functions as in Node. */
export { adviceOnName, type ColumnFormat, type DataFormat, foreignEnding, parseFileName } from "./file-name.ts";
export type { SplitFiles } from "./find-split-in.ts";
export type { DataFolder } from "./folder.ts";
export { folderOfNames } from "./folder-of-names.ts";
export { type HubReference, isOfHub, nameOfFile, parseHubReference, writeHubReference } from "./hub-reference.ts";
export type { NameRow } from "./jsonl.ts";
export { labelIndices, labelName } from "./label-names.ts";
export { linesOf } from "./lines.ts";
export { ownFilesIn } from "./own-files-in.ts";
export type { DataRecord } from "./parse-record.ts";
export { parseTable } from "./parse-table.ts";
export { shownCell } from "./shown-cell.ts";
export {
  numberInText,
  requireColumn,
  requireText,
  rowOrigin,
  shownNames,
  type Table,
  type TableRow,
} from "./table.ts";
export type { TextTableOptions } from "./text-table.ts";

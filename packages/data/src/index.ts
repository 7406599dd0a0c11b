export { adviceOnName, type ColumnFormat, type DataFormat, foreignEnding, parseFileName } from "./file-name.ts";
export { findSplit, type SplitPlaces } from "./find-split.ts";
export type { SplitFiles } from "./find-split-in.ts";
export { allFiles, type DataFolder, findFiles, findSplitFiles } from "./folder.ts";
export { folderOfNames } from "./folder-of-names.ts";
export { partOfRepository, type RepositoryPart } from "./hub-layout.ts";
export { type HubReference, isOfHub, nameOfFile, parseHubReference, writeHubReference } from "./hub-reference.ts";
export type { NameRow } from "./jsonl.ts";
export { labelIndices, labelName } from "./label-names.ts";
export { linesOf } from "./lines.ts";
export { openFolder } from "./open-folder.ts";
export { ownFiles } from "./own-files.ts";
export { ownFilesIn } from "./own-files-in.ts";
export type { DataRecord } from "./parse-record.ts";
export { parseTable } from "./parse-table.ts";
export { readRecords } from "./read-records.ts";
export { readTable } from "./read-table.ts";
export { readText } from "./read-text.ts";
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

import { InvalidInputError } from "@blora/spec";
import { type NameRow, parseJsonl } from "./jsonl.ts";
import { type DataRecord, parseRecord } from "./parse-record.ts";

/**
 * The objects of a `.json` file: of one array, or one on each line. Rows are
 * counted in lines: a row is the line on which its object begins.
 *
 * @throws InvalidInputError naming file and line
 */
export function parseJsonFile(file: string, text: string, nameRow: NameRow): DataRecord[] {
  if (!text.trimStart().startsWith("[")) return parseJsonl(file, text, nameRow);
  const records: DataRecord[] = [];
  let line = 1;
  let position = text.indexOf("[") + 1;
  line += countLines(text, 0, position);
  for (let isFirst = true; ; isFirst = false) {
    const end = endOfElement(text, position);
    const element = text.slice(position, end);
    const leading = element.length - element.trimStart().length;
    const origin = nameRow(file, line + countLines(text, position, position + leading));
    if (end === text.length) throw new InvalidInputError(`${origin}: expected an array that ends with ], found none.`);
    if (element.trim() !== "") records.push(parseRecord(element.trim(), origin));
    else if (!isFirst || text[end] === ",") {
      throw new InvalidInputError(`${origin}: expected an object beside the comma, found none.`);
    }
    line += countLines(text, position, end);
    position = end + 1;
    if (text[end] === "]") break;
  }
  if (text.slice(position).trim() === "") return records;
  throw new InvalidInputError(`${nameRow(file, line)}: expected nothing after the array, found more.`);
}

/** Index of the comma or bracket that ends the element of the outer array, or the length of all. */
function endOfElement(text: string, start: number): number {
  const token = /"(?:[^"\\]|\\.)*"|[[\]{},]/gsu;
  token.lastIndex = start;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (depth === 0 && (match[0] === "," || match[0] === "]")) return match.index;
    if (match[0] === "[" || match[0] === "{") depth++;
    if (match[0] === "]" || match[0] === "}") depth--;
  }
  return text.length;
}

function countLines(text: string, start: number, end: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", start); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

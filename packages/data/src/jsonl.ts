import { InvalidInputError, type JsonRecord, parseStrictJson } from "@blora/spec";
import { readText, splitLines } from "./read-text.ts";
import { rowOrigin, type Table } from "./table.ts";

export interface JsonlOptions {
  /** How errors name a line. Default: `rowOrigin`. */
  readonly origin?: (file: string, line: number) => string;
  /** Pass over lines of white space; their numbers are counted. Default: they are errors. */
  readonly skipBlankLines?: boolean;
}

/** One line of a jsonl file. */
export interface JsonlRow {
  /** File and line, for error messages. */
  readonly origin: string;
  readonly fields: JsonRecord;
  /** The beginning of the line, for error messages. */
  readonly excerpt: string;
}

const EXCERPT = 60;
const encoder = new TextEncoder();

/**
 * The objects of a file with one on each line.
 *
 * @throws InvalidInputError naming file and line of what is no JSON object, or has a key twice. Any key may name a column
 */
export async function readJsonl(file: string, options: JsonlOptions = {}): Promise<JsonlRow[]> {
  const { origin = rowOrigin, skipBlankLines = false } = options;
  return splitLines(await readText(file)).flatMap((line, index) =>
    skipBlankLines && line.trim() === "" ? [] : [parseRow(line, origin(file, index + 1))],
  );
}

/** The first object names the columns; a key that a later one lacks is an absent cell. */
export async function readJsonlTable(file: string): Promise<Table> {
  const rows = await readJsonl(file);
  const columns = Object.keys(rows[0]?.fields ?? {});
  return {
    file,
    columns,
    rows: rows.map(({ origin, fields }) => ({
      origin,
      cells: columns.map((column) => (Object.hasOwn(fields, column) ? fields[column] : undefined)),
    })),
    shortRows: 0,
  };
}

function parseRow(line: string, origin: string): JsonlRow {
  const excerpt = line.length > EXCERPT ? `${line.slice(0, EXCERPT)}…` : line;
  const value = parseLine(line, origin, excerpt);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInputError(`${origin}: expected a JSON object, found ${excerpt}.`);
  }
  return { origin, fields: value as JsonRecord, excerpt };
}

function parseLine(line: string, origin: string, excerpt: string): unknown {
  try {
    return parseStrictJson(encoder.encode(line), { origin, anyKeys: true });
  } catch (cause) {
    const isGrammar = cause instanceof Error && cause.cause instanceof SyntaxError;
    if (!isGrammar) throw cause;
    const found = line.trim() === "" ? "an empty line" : excerpt;
    throw new InvalidInputError(`${origin}: expected a JSON object, found ${found}.`, { cause });
  }
}

import { InvalidInputError } from "./errors.ts";
import { requireNoPointer } from "./git-lfs.ts";
import { FORBIDDEN_KEYS, isJsonRecord, type JsonRecord } from "./json.ts";

export interface StrictJsonOptions {
  /** What the text is, for error messages: the path of a file. */
  readonly origin: string;
  /** Deepest nesting of objects and arrays. Default 64. */
  readonly maxDepth?: number | undefined;
  /** Keys are data, such as the words of a vocabulary: any is allowed, once. Default false. */
  readonly anyKeys?: boolean | undefined;
  /** Read the numbers that Python writes and JSON lacks, `NaN` and `Infinity`. Default false. */
  readonly ofPython?: boolean | undefined;
}

const DEFAULT_MAX_DEPTH = 64;

/** Index just after the string that starts at `start`; the length of the text where it does not end. */
function endOfString(text: string, start: number): number {
  for (let quote = start; ; ) {
    quote = text.indexOf('"', quote + 1);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

function readKey(literal: string): string | undefined {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    // Bad escapes are reported by the parser that follows.
    return undefined;
  }
}

/**
 * Looks for what `JSON.parse` accepts in silence or overflows on: duplicate
 * keys, of which it keeps the last, keys named like prototype members, and deep
 * nesting. Leaves the grammar to `JSON.parse`.
 */
function checkStructure(text: string, origin: string, maxDepth: number, anyKeys: boolean): void {
  // Keys so far of each open object; undefined for an open array.
  const open: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  for (let index = 0; index < text.length; ) {
    const character = text[index];
    if (character === '"') {
      const end = endOfString(text, index);
      const key = expectsKey ? readKey(text.slice(index, end)) : undefined;
      if (key !== undefined) {
        const keys = open.at(-1);
        if (keys?.has(key)) throw new InvalidInputError(`${origin}: the key ${JSON.stringify(key)} occurs twice`);
        if (!anyKeys && FORBIDDEN_KEYS.has(key)) {
          throw new InvalidInputError(`${origin}: the key ${JSON.stringify(key)} is not allowed`);
        }
        keys?.add(key);
      }
      expectsKey = false;
      index = end;
      continue;
    }
    if (character === "{" || character === "[") {
      open.push(character === "{" ? new Set() : undefined);
      if (open.length > maxDepth) {
        throw new InvalidInputError(`${origin}: expected at most ${maxDepth} levels of nesting, found more`);
      }
      expectsKey = character === "{";
    } else if (character === "}" || character === "]") {
      open.pop();
      expectsKey = false;
    } else if (character === ",") {
      expectsKey = open.at(-1) !== undefined;
    }
    index++;
  }
}

/** Stands for `NaN` while JSON is parsed. */
const NOT_A_NUMBER = "\u0000NaN\u0000";

/** JSON with Python's numbers. Above the largest number is infinity. */
function parsePython(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return JSON.parse(text);
  const inJson = text.replace(/"(?:[^"\\]|\\.)*"|\bNaN\b|\bInfinity\b/g, (found) =>
    found === "NaN" ? JSON.stringify(NOT_A_NUMBER) : found === "Infinity" ? "1e999" : found,
  );
  return JSON.parse(inJson, (_, value: unknown) => (value === NOT_A_NUMBER ? Number.NaN : value));
}

/**
 * Parses UTF-8 JSON more strictly than `JSON.parse`.
 *
 * @throws InvalidInputError for bytes that are not UTF-8, bad grammar, duplicate keys, keys named like
 *   prototype members, and nesting deeper than `maxDepth`
 */
export function parseStrictJson(
  bytes: Uint8Array,
  { origin, maxDepth = DEFAULT_MAX_DEPTH, anyKeys = false, ofPython = false }: StrictJsonOptions,
): unknown {
  requireNoPointer(bytes, origin);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidInputError(`${origin}: expected UTF-8 text, found other bytes`, { cause });
  }
  checkStructure(text, origin, maxDepth, anyKeys);
  try {
    return ofPython ? parsePython(text) : JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(`${origin}: expected JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Like `parseStrictJson`, for a text that must be an object. */
export function parseStrictJsonObject(bytes: Uint8Array, options: StrictJsonOptions): JsonRecord {
  const value = parseStrictJson(bytes, options);
  if (isJsonRecord(value)) return value;
  throw new InvalidInputError(`${options.origin}: expected a JSON object, found ${JSON.stringify(value).slice(0, 40)}`);
}

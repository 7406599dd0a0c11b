import { labelName, shownCell } from "@blora/data";
import { InvalidInputError } from "@blora/spec";
import { requireExactLabel } from "./cells.ts";

/** A label cell that is not empty. */
export interface LabelCell {
  readonly cell: unknown;
  /** File and row. */
  readonly origin: string;
}

/** What may stand between the labels of a cell, the least likely to be part of a name first. */
const SEPARATORS = ["|", ";", ","] as const;
/** Names hold commas and semicolons: most parts must come back in other cells, where that of a bar is one. */
const SHARED_PARTS = 2 / 3;

/** Lists as others write them: `[0 2]` of numpy, and so of the csv files of `datasets`; `('a', 'b')` and `{'a', 'b'}` of Python; `{a,b}` of PostgreSQL; `{"choices": ["a", "b"]}` of Label Studio. */
const FOREIGN: readonly RegExp[] = [/^\[[\d.\s]+\]$/, /^\((?:['"]|\d+\s*,).*\)$/s, /^\{.*\}$/s];

/** Whether a cell holds a list: of jsonl and parquet, or as text in brackets with quotes, commas or JSON, or as others write it. */
export function isList(cell: unknown): boolean {
  if (Array.isArray(cell)) return true;
  if (isForeign(cell)) return true;
  const text = bracketed(cell);
  return text !== undefined && (/['",]/.test(text) || parseList(text) !== undefined);
}

const isForeign = (cell: unknown): boolean =>
  typeof cell === "string" && FOREIGN.some((form) => form.test(cell.trim()));

/** Whether a cell is the list of none, which stands beside lists and names alike. */
export function isEmptyList(cell: unknown): boolean {
  return Array.isArray(cell) ? cell.length === 0 : /^\s*\[\s*\]\s*$/.test(String(cell));
}

/**
 * The labels of a cell, each once: of a list, or between separators. `[]` has none.
 *
 * @throws InvalidInputError for a list in text that is none of JSON, a list with a value for every class, a cell of
 *   separators alone, or an entry that is no label
 */
export function labelsOfCell({ cell, origin }: LabelCell, separator: string | undefined): string[] {
  const text = bracketed(cell);
  const list = Array.isArray(cell) ? cell : text === undefined ? undefined : parseList(text);
  if (list === undefined && isList(cell)) {
    throw new InvalidInputError(
      `${origin}: expected a JSON list of labels such as ["a", "b"], found ${String(cell)}. Set task.several=false where this is the name of one class.`,
    );
  }
  requireNames(list ?? [], origin);
  const entries = list ?? (separator === undefined ? [cell] : String(cell).split(separator));
  const names = entries.map((entry) => entryText(entry, origin)).filter((name) => name !== "");
  if (names.length === 0 && list === undefined) {
    throw new InvalidInputError(`${origin}: expected labels, or the list [] for none, found ${shownCell(cell)}.`);
  }
  return [...new Set(names)];
}

/** Other programs write a flag or a share for every class, which read as names would be the classes 0 and 1. */
function requireNames(list: readonly unknown[], origin: string): void {
  const flags = list.filter((entry) => [0, 1, 0n, 1n, true, false].some((flag) => flag === entry));
  const isRepeated = new Set(flags).size < flags.length;
  if (!isRepeated && list.every((entry) => typeof entry !== "number" || Number.isInteger(entry))) return;
  throw new InvalidInputError(
    `${origin}: expected a list of the labels a row has, each once, found ${shownCell(list)}, which has a value for every class. Write the names or numbers of those that are 1.`,
  );
}

function entryText(entry: unknown, origin: string): string {
  requireExactLabel(entry, origin);
  if (["string", "number", "bigint", "boolean"].includes(typeof entry)) return labelName(String(entry));
  throw new InvalidInputError(`${origin}: expected a list of labels, found ${shownCell(entry)} in it.`);
}

/**
 * What stands between the labels of cells, where cells share parts: `a|b` and `b|c` do. Undefined where every cell is
 * one name, as `Paris, France` is.
 */
export function findSeparator(texts: readonly string[]): string | undefined {
  const cells = [...new Set(texts)];
  return SEPARATORS.find((separator) => {
    const isDecimal = separator === "," && cells.every((text) => /^[+-]?\d+,\d+$/.test(text));
    const partsOf = (text: string) =>
      new Set(
        text
          .split(separator)
          .map((part) => part.trim())
          .filter(Boolean),
      );
    const uses = new Map<string, number>();
    for (const part of cells.flatMap((text) => [...partsOf(text)])) uses.set(part, (uses.get(part) ?? 0) + 1);
    const joined = cells.filter((text) => text.includes(separator));
    const parts = new Set(joined.flatMap((text) => [...partsOf(text)]));
    const shared = [...parts].filter((part) => uses.get(part)! > 1).length;
    return !isDecimal && (separator === "|" ? shared > 0 : shared > 0 && shared >= SHARED_PARTS * parts.size);
  });
}

function bracketed(cell: unknown): string | undefined {
  return typeof cell === "string" && /^\s*\[.*\]\s*$/s.test(cell) ? cell : undefined;
}

function parseList(text: string): unknown[] | undefined {
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    return undefined;
  }
}

import { FORBIDDEN_KEYS, InvalidInputError } from "@blora/spec";

/** Deeper nesting than any manifest needs; keeps a hostile file from exhausting the stack. */
const MAX_DEPTH = 64;

/** Throws `InvalidInputError` where `depth` passes the limit. */
export function assertDepth(depth: number, place: string): void {
  if (depth > MAX_DEPTH) throw new InvalidInputError(`${place} must not nest deeper than ${MAX_DEPTH} levels.`);
}

/** Throws `InvalidInputError` for a key that could reach a prototype. */
export function assertKey(key: string, place: string): void {
  if (FORBIDDEN_KEYS.has(key)) throw new InvalidInputError(`${place} must not have a key "${key}".`);
}

/** A value in an error message: short, on one line. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : describe(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

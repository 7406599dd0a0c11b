import type { Json } from "./json.ts";

/** A leaf in which two JSON values differ. */
export interface JsonDifference {
  /** Its dotted path. */
  readonly key: string;
  /** `key: old -> new` */
  readonly text: string;
  /** Whether the first value lacks it. */
  readonly isNew: boolean;
}

/** Leaves in which two JSON values differ. */
export function jsonDifferences(before: Json, after: Json): JsonDifference[] {
  const old = leavesOf(before);
  const current = leavesOf(after);
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((key) => old.get(key) !== current.get(key))
    .map((key) => ({
      key,
      text: `${key}: ${old.get(key) ?? "unset"} -> ${current.get(key) ?? "unset"}`,
      isNew: !old.has(key),
    }));
}

/** Leaves as JSON text by dotted path. */
function leavesOf(value: Json | undefined, path = "", into: Map<string, string> = new Map()): Map<string, string> {
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) leavesOf(item as Json, path === "" ? key : `${path}.${key}`, into);
  } else if (value !== undefined) {
    into.set(path, JSON.stringify(value));
  }
  return into;
}

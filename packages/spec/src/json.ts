/** A value that survives JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/** An object of JSON that nothing is known of yet. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value of somebody else's file as text. Objects are JSON: `toString` may be a key that the file has given them. */
export function textOfJson(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** Keys that reach an object's prototype where a careless reader assigns them. Nothing that is read may have one. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** A value as JSON holds it: a component as its manifest, where a plugin made it. */
export function toJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

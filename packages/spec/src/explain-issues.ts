import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { InvalidInputError, PluginError } from "./errors.ts";
import { isJsonRecord, type JsonRecord } from "./json.ts";
import { orDidYouMean } from "./suggest.ts";

/** What a schema says of a value: the value with its defaults, or a sentence for each problem. */
export type Checked<Output> = { readonly value: Output } | { readonly problems: readonly string[] };

/** Libraries that list unknown keys in one issue do so as zod does. */
type Issue = StandardSchemaV1.Issue & { readonly code?: unknown; readonly keys?: unknown };

/** As many names as fit into a sentence. */
const LISTED_NAMES = 8;
const SHOWN_CHARACTERS = 80;

/**
 * Checks a value. Each problem names the key, what was expected and what was
 * found; an unknown key the ones that it may have been meant to be, where the
 * schema can tell its keys (Standard JSON Schema, as zod does).
 *
 * @throws PluginError for a schema that answers later
 */
export function check<Output>(schema: StandardSchemaV1<unknown, Output>, value: unknown): Checked<Output> {
  const result = validate(schema, value);
  if (result.issues === undefined) return { value: result.value };
  return { problems: problemsOf(result.issues, value, schema) };
}

function validate<Output>(schema: StandardSchemaV1<unknown, Output>, value: unknown): StandardSchemaV1.Result<Output> {
  const result = schema["~standard"].validate(value);
  if (!(result instanceof Promise)) return result;
  // Nobody waits for it: that it fails as well must not end the process.
  result.catch(() => undefined);
  throw new PluginError("Expected a schema that answers at once, found one that waits.");
}

/**
 * The value with its defaults.
 *
 * @param what begins the message, such as `Training arguments`
 * @throws InvalidInputError that lists every problem, its `wrongOptions` the keys they are in
 */
export function requireValid<Output>(schema: StandardSchemaV1<unknown, Output>, value: unknown, what: string): Output {
  const result = validate(schema, value);
  if (result.issues === undefined) return result.value;
  const problems = problemsOf(result.issues, value, schema);
  throw new InvalidInputError(`${what}: ${problems.join("; ")}.`, { wrongOptions: result.issues.flatMap(keysOf) });
}

function problemsOf(issues: readonly Issue[], value: unknown, schema: StandardSchemaV1): string[] {
  return issues.flatMap((issue) => explain(issue, value, schema));
}

function pathOf({ path = [] }: Issue): readonly PropertyKey[] {
  return path.map((segment) => (typeof segment === "object" ? segment.key : segment));
}

/** Keys at the top that an issue is about. */
function keysOf(issue: Issue): readonly string[] {
  const [first] = pathOf(issue);
  if (first !== undefined) return [String(first)];
  return Array.isArray(issue.keys) ? issue.keys : [];
}

function explain(issue: Issue, value: unknown, schema: StandardSchemaV1): string[] {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys" && Array.isArray(issue.keys)) {
    const known = knownKeys(schema, path);
    return issue.keys.map((key: string) => `unknown key "${[...path, key].join(".")}"${advice(key, known)}`);
  }
  const expected = expectedIn(issue.message);
  if (path.length > 0) return [problemAt(path, expected, value)];
  return [isJsonRecord(value) || value === undefined ? expected : `${expected}, found ${shown(value)}`];
}

/** Of a message as zod has it what was expected alone: what was found follows. */
function expectedIn(message: string): string {
  return message.replace(/^(?:Invalid \w+|Too small|Too big): (expected .*?)(?:, received .*)?$/, "$1");
}

/** The key, what was expected and what was found. */
export function problemAt(path: readonly PropertyKey[], expected: string, value: unknown): string {
  return `${path.join(".")}: ${expected}, found ${shown(valueAt(value, path))}`;
}

function advice(key: string, known: readonly string[]): string {
  const near = orDidYouMean(key, known);
  if (near !== "") return near;
  return known.length === 0 || known.length > LISTED_NAMES ? "" : ` (expected ${known.join(", ")})`;
}

/** Keys of the object at a path, as far as the schema tells. */
function knownKeys(schema: StandardSchemaV1, path: readonly PropertyKey[]): readonly string[] {
  let objects = objectsIn(jsonSchemaOf(schema));
  for (const key of path) {
    objects = objects.flatMap(({ properties, items }) =>
      objectsIn(typeof key === "number" ? items : (properties as JsonRecord | undefined)?.[String(key)]),
    );
  }
  return [...new Set(objects.flatMap(({ properties }) => Object.keys((properties ?? {}) as JsonRecord)))];
}

/** What a value must be, as JSON Schema; undefined where the schema cannot tell. */
export function jsonSchemaOf(schema: StandardSchemaV1): unknown {
  const { jsonSchema } = schema["~standard"] as Partial<StandardJSONSchemaV1.Props>;
  try {
    // Components and functions have no JSON Schema; their keys do.
    return jsonSchema?.input({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } });
  } catch {
    return undefined;
  }
}

/** A JSON Schema, or those it is a choice of. */
function objectsIn(schema: unknown): JsonRecord[] {
  if (!isJsonRecord(schema)) return [];
  const choices = schema.anyOf ?? schema.oneOf;
  return Array.isArray(choices) ? choices.flatMap(objectsIn) : [schema];
}

/** The value at a path, or the part of it that is there: a schema may take a text apart and name its pieces. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (parent, key) =>
      typeof parent === "object" && parent !== null ? (parent as Record<PropertyKey, unknown>)[key] : parent,
    value,
  );
}

function shown(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "function") return "a function";
  try {
    return JSON.stringify(value)?.slice(0, SHOWN_CHARACTERS) ?? "nothing";
  } catch {
    return "an object";
  }
}

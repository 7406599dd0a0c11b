import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InvalidInputError } from "./errors.ts";

/** A rule that spans several keys: the key at fault, whether the rule is broken, and what must hold. */
export type ConfigRule = readonly [key: string, isBroken: boolean, rule: string];

export interface ModelConfigChecks<Keys> {
  /** `model_type` values, for the message. */
  readonly modelTypes: readonly string[];
  readonly schema: StandardSchemaV1<unknown, Keys>;
  /** Looked at once the schema holds. */
  rules?(keys: Keys): readonly ConfigRule[];
}

/**
 * The keys of a `config.json` that an architecture reads. Null counts as
 * absent: Hugging Face writes it for an option left at its default.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function checkModelConfig<Keys>(
  json: unknown,
  { modelTypes, schema, rules = () => [] }: ModelConfigChecks<Keys>,
): Keys {
  const fail = (problems: readonly (readonly [path: readonly PropertyKey[], rule: string])[]): never => {
    const sentences = problems.map(
      ([path, rule]) => `${path.join(".") || "the document"}: ${rule}, found ${found(json, path)}`,
    );
    throw new InvalidInputError(`config.json of a ${modelTypes.join(" or ")} model: ${sentences.join("; ")}`);
  };
  const result = schema["~standard"].validate(withoutNulls(json));
  if (result instanceof Promise) throw new TypeError("checkModelConfig: the schema must not be asynchronous");
  if (result.issues !== undefined) {
    return fail(result.issues.map(({ path = [], message }) => [path.map(keyOf), message] as const));
  }
  const broken = rules(result.value).filter(([, isBroken]) => isBroken);
  if (broken.length > 0) fail(broken.map(([key, , rule]) => [[key], `must be ${rule}`] as const));
  return result.value;
}

function keyOf(segment: PropertyKey | StandardSchemaV1.PathSegment): PropertyKey {
  return typeof segment === "object" ? segment.key : segment;
}

function withoutNulls(json: unknown): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

/** The value at a path, or the part of it that is there: a schema may take a text apart and name its pieces. */
function found(json: unknown, path: readonly PropertyKey[]): string {
  const value = path.reduce<unknown>(
    (parent, key) =>
      typeof parent === "object" && parent !== null ? (parent as Record<PropertyKey, unknown>)[key] : parent,
    json,
  );
  return typeof value === "number" ? String(value) : (JSON.stringify(value)?.slice(0, 80) ?? "nothing");
}

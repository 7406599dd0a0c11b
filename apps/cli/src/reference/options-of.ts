import { isJsonRecord, type JsonRecord, jsonSchemaOf } from "@blora/spec";
import { typeOf } from "./schema-type.ts";

/** One option, as a schema tells it. */
export interface Option {
  /** Names from the outermost on, joined by dots. */
  readonly path: string;
  /** Empty where the schema does not tell: components and functions have no JSON Schema. */
  readonly type: string;
  readonly required: boolean;
  readonly fallback?: unknown;
  /** The schema's own words, where it has any. */
  readonly description?: string;
}

/** Every option of a schema, those of nested objects by their paths. */
export function optionsOf(schema: Parameters<typeof jsonSchemaOf>[0]): readonly Option[] {
  const json = jsonSchemaOf(schema);
  return isJsonRecord(json) ? objectsIn(json).flatMap((object) => within(object, "")) : [];
}

function within({ properties = {}, required = [] }: JsonRecord, prefix: string): Option[] {
  return Object.entries(properties as JsonRecord).flatMap(([name, value]) => {
    const path = prefix + name;
    const inner = isJsonRecord(value) ? objectsIn(value) : [];
    const option = optionAt(path, value, (required as readonly string[]).includes(name));
    return [option, ...inner.flatMap((object) => within(object, `${path}.`))];
  });
}

function optionAt(path: string, value: unknown, required: boolean): Option {
  const { default: fallback, description } = isJsonRecord(value) ? value : {};
  return {
    path,
    type: typeOf(value),
    required,
    ...(fallback !== undefined && { fallback }),
    ...(typeof description === "string" && { description }),
  };
}

/** Schemas of objects in a schema, which may be a choice. */
function objectsIn(schema: JsonRecord): JsonRecord[] {
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return choices.filter(isJsonRecord).flatMap(objectsIn);
  return schema.properties === undefined ? [] : [schema];
}

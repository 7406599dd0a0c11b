import { isJsonRecord, type JsonRecord } from "@blora/spec";

/** Values of a choice that fit into a line. */
const MOST_VALUES = 12;

/** What a JSON Schema allows, in words: `a whole number from 1 to 8`. Empty where it does not tell. */
export function typeOf(schema: unknown): string {
  if (!isJsonRecord(schema)) return "";
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return [...new Set(choices.map(typeOf))].filter(Boolean).join(" or ");
  if (Array.isArray(schema.enum)) return oneOf(schema.enum);
  if ("const" in schema) return code(schema.const);
  switch (schema.type) {
    case "integer":
    case "number":
      return `a ${schema.type === "integer" ? "whole " : ""}number${boundsOf(schema)}`;
    case "string":
      return "a text";
    case "boolean":
      return "`true` or `false`";
    case "array":
      return listOf(schema);
    default:
      return "";
  }
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.slice(0, MOST_VALUES).map(code);
  return values.length > MOST_VALUES ? `one of ${values.length}: ${shown.join(", ")}, …` : shown.join(", ");
}

/** A value as `--set` takes it. */
export function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function listOf({ prefixItems, items, minItems }: JsonRecord): string {
  if (Array.isArray(prefixItems)) return `a list of ${prefixItems.map(typeOf).join(" and ")}`;
  const least = Number(minItems ?? 0) > 1 ? ` at least ${String(minItems)}` : "";
  const each = typeOf(items) || "values";
  return `a list of${least} ${each === "a text" ? "texts" : `values, each ${each}`.replace(/^values, each values$/, "values")}`;
}

function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonRecord): string {
  const bound = (word: string, limit: unknown): string[] =>
    typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? [` ${word} ${limit}`] : [];
  return [
    ...bound("from", minimum),
    ...bound("above", exclusiveMinimum),
    ...bound("to", maximum),
    ...bound("below", exclusiveMaximum),
  ].join("");
}

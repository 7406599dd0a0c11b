import { didYouMean, InvalidInputError, isJsonRecord, type JsonRecord } from "@blora/spec";

/** An object of a data file and where it stands: `train.jsonl:3`, `train.jsonl:3: messages[1]`. */
export interface Place {
  readonly origin: string;
  readonly fields: JsonRecord;
}

/**
 * A row without the nulls of a table, whose objects all have the fields of any: `datasets` writes them into JSON, where the
 * arguments of other tools would be learned as null. That a turn has one tells such a row from another, in which an
 * argument is null because it is meant.
 */
export function withoutPadding({ origin, fields }: Place): Place {
  const turns = Object.values(fields).filter(Array.isArray).flat();
  const isPadded = turns.some(
    (turn) =>
      isJsonRecord(turn) &&
      ("role" in turn || "from" in turn) &&
      Object.entries(turn).some(([name, value]) => name !== "content" && value === null),
  );
  return isPadded ? { origin, fields: withoutNulls(fields) as JsonRecord } : { origin, fields };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonRecord(value)) return value;
  const given = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(given.map(([name, item]) => [name, withoutNulls(item)]));
}

/** The value of a field; undefined where it is absent or null, as tables write what a row lacks. */
export function optionalField({ fields }: Place, name: string): unknown {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return value === null ? undefined : value;
}

/** @throws InvalidInputError naming the field that is absent or no text */
export function requireTextField(place: Place, name: string): string {
  const value = optionalField(place, name);
  if (typeof value === "string") return value;
  throw new InvalidInputError(`${place.origin}: ${name}: expected a text, found ${describe(value)}.`);
}

export function optionalTextField(place: Place, name: string): string | undefined {
  return optionalField(place, name) === undefined ? undefined : requireTextField(place, name);
}

/**
 * The objects of a list, or of the JSON text of one, as tables hold it.
 *
 * @throws InvalidInputError naming the item that is none
 */
export function objectsOf(place: Place, name: string): Place[] {
  const value = optionalField(place, name);
  const list = typeof value === "string" ? parsedOr(value) : value;
  if (!Array.isArray(list)) {
    throw new InvalidInputError(`${place.origin}: ${name}: expected a list, found ${describe(value)}.`);
  }
  return list.map((fields: unknown, index) => {
    const origin = `${place.origin}: ${name}[${index}]`;
    if (isJsonRecord(fields)) return { origin, fields };
    throw new InvalidInputError(`${origin}: expected an object, found ${describe(fields)}.`);
  });
}

/**
 * Checks that every field with a value is one of `known`: what is not understood would change what is learned in silence.
 *
 * @param help what to do about a field, by its name
 * @throws InvalidInputError naming the first other field
 */
export function requireKnown(
  { origin, fields }: Place,
  known: readonly string[],
  help: Readonly<Record<string, string>> = {},
): void {
  const empty = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0);
  const other = Object.keys(fields).find((name) => !known.includes(name) && !empty(fields[name]));
  if (other === undefined) return;
  const advice = Object.hasOwn(help, other) ? ` ${help[other]}` : didYouMean(other, known);
  throw new InvalidInputError(
    `${origin}: the field ${other} is not understood: expected ${known.join(", ")}.${advice}`,
  );
}

/** The value of JSON, or the text itself where it is none. */
export function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A value in an error: its first letters. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "none";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

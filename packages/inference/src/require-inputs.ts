import { InvalidInputError } from "@blora/spec";

/** Characters of a value that an error shows. */
const SHOWN = 80;

export const isText = (value: unknown): value is string => typeof value === "string";

/**
 * Also of callers that no type holds back: a text alone, or rows of objects, would be read as something else.
 *
 * @param expected such as `texts, or of pairs of texts`
 * @throws InvalidInputError that names the first input that is not what was expected
 */
export function requireInputs(inputs: unknown, isInput: (value: unknown) => boolean, expected: string): void {
  const isList = Array.isArray(inputs);
  const wrong = isList ? inputs.findIndex((input) => !isInput(input)) : 0;
  if (wrong < 0) return;
  const found = isList ? `${shown(inputs[wrong])} at ${wrong}` : shown(inputs);
  throw new InvalidInputError(`Expected a list of ${expected}, found ${found}.`);
}

/** A value in few characters, whatever it is. */
function shown(value: unknown): string {
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  const isPlain = value === null || ["Array", "Object", "String", "Number", "Boolean", "Undefined"].includes(kind);
  if (!isPlain || value instanceof String) return `a value of type ${kind}`;
  const text = jsonOf(value) ?? `a value of type ${kind}`;
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** Undefined where JSON cannot say it, as of a circle. What JSON has no word for goes by its type. */
function jsonOf(value: unknown): string | undefined {
  if (value === undefined) return "undefined";
  try {
    return JSON.stringify(value, (_, part: unknown) =>
      ["undefined", "bigint", "symbol", "function"].includes(typeof part) ? typeof part : part,
    );
  } catch {
    return undefined;
  }
}

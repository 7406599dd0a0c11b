import { FORBIDDEN_KEYS, InvalidInputError } from "@blora/spec";

/** A tree of options, as JSON holds it. */
export type OptionTree = { readonly [key: string]: unknown };

/** `path=value` of a `--set` flag. The value is JSON where it parses as such, else the text itself. */
export function parseAssignment(text: string): { path: readonly string[]; value: unknown } {
  const equals = text.indexOf("=");
  const path = text.slice(0, Math.max(0, equals)).split(".");
  if (equals < 1 || path.some((key) => key === "" || FORBIDDEN_KEYS.has(key))) {
    throw new InvalidInputError(
      `--set expects path=value, such as learningRate=1e-3 or method.rank=4; found "${text}".`,
    );
  }
  return { path, value: parseValue(text.slice(equals + 1)) };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A copy of the tree with one value replaced; objects on the way are made where absent. */
export function withOption(tree: OptionTree, [key, ...rest]: readonly string[], value: unknown): OptionTree {
  if (key === undefined) return tree;
  if (rest.length === 0) return { ...tree, [key]: value };
  const child = tree[key] ?? {};
  if (typeof child !== "object" || child === null || Array.isArray(child)) {
    throw new InvalidInputError(
      `--set ${key}.${rest.join(".")}: ${key} is ${JSON.stringify(child)} and has no options.`,
    );
  }
  return { ...tree, [key]: withOption(child as OptionTree, rest, value) };
}

/** A value of the template library. */
export interface RuntimeValue {
  readonly type: string;
  readonly value: unknown;
}

/** What Python writes of a value that the template library writes in its own way; undefined of any other. */
export function pythonText(runtime: RuntimeValue): string | undefined {
  const { type, value } = runtime;
  if (type === "NullValue") return "None";
  if (type === "BooleanValue") return value === true ? "True" : "False";
  if (type === "ObjectValue") {
    const entries = [...(value as ReadonlyMap<string, RuntimeValue>)];
    return `{${entries.map(([key, item]) => `${quoted(key)}: ${itemText(item)}`).join(", ")}}`;
  }
  if (type !== "ArrayValue" && type !== "TupleValue") return undefined;
  const items = (value as readonly RuntimeValue[]).map(itemText);
  if (type === "ArrayValue") return `[${items.join(", ")}]`;
  return `(${items.join(", ")}${items.length === 1 ? "," : ""})`;
}

/** A value where a text is asked for: `str()`. */
export function textOf(runtime: RuntimeValue): string {
  if (runtime.type === "UndefinedValue") return "";
  return pythonText(runtime) ?? String(runtime);
}

/** The plain value. */
export function plainValue({ type, value }: RuntimeValue): unknown {
  if (type === "ArrayValue" || type === "TupleValue") return (value as readonly RuntimeValue[]).map(plainValue);
  if (type !== "ObjectValue") return value ?? null;
  const entries = [...(value as ReadonlyMap<string, RuntimeValue>)];
  return Object.fromEntries(entries.map(([key, item]) => [key, plainValue(item)]));
}

/** A value in a list or object: `repr()`. */
function itemText(runtime: RuntimeValue): string {
  return runtime.type === "StringValue" ? quoted(String(runtime.value)) : textOf(runtime);
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character]!);
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
}

const NUMBERS: ReadonlySet<string> = new Set(["IntegerValue", "FloatValue", "BooleanValue"]);

/** `==`: lists and objects by what they hold, and values of two kinds never, but for true and 1. */
export function isEqual(left: RuntimeValue, right: RuntimeValue): boolean {
  if (NUMBERS.has(left.type) && NUMBERS.has(right.type)) return Number(left.value) === Number(right.value);
  if (left.type !== right.type) return false;
  if (left.type === "ArrayValue" || left.type === "TupleValue") {
    const [items, others] = [left.value, right.value] as [readonly RuntimeValue[], readonly RuntimeValue[]];
    return items.length === others.length && items.every((item, index) => isEqual(item, others[index]!));
  }
  if (left.type !== "ObjectValue") return left.value === right.value;
  const [entries, others] = [left.value, right.value] as [Map<string, RuntimeValue>, Map<string, RuntimeValue>];
  return entries.size === others.size && [...entries].every(([key, item]) => hasEqual(others.get(key), item));
}

function hasEqual(other: RuntimeValue | undefined, item: RuntimeValue): boolean {
  return other !== undefined && isEqual(item, other);
}

/** What is stripped where no letters are named: white space of JavaScript but for a byte order mark, and more control characters. */
export const WHITE_SPACE =
  "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

/** Takes letters of `characters` from the ends that a method of Python's, such as `lstrip`, names. */
export function stripped(text: string, characters: string, method: string): string {
  const unwanted = new Set(characters);
  let [start, end] = [0, text.length];
  const first = (): string => String.fromCodePoint(text.codePointAt(start)!);
  const last = (): string => Array.from(text.slice(Math.max(start, end - 2), end)).at(-1)!;
  if (method !== "rstrip") while (start < end && unwanted.has(first())) start += first().length;
  if (method !== "lstrip") while (start < end && unwanted.has(last())) end -= last().length;
  return text.slice(start, end);
}

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

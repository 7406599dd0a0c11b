import { oneOf, type Random } from "./random.ts";

type Container = Record<string, unknown> | unknown[];

interface Slot {
  readonly parent: Container;
  readonly key: string;
}

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  -0.1,
  "",
  "\u0000",
  "a",
  "\ud800",
  "é😀",
  [],
  {},
  [[]],
  [null],
  [0],
  [""],
  { a: 1 },
  { type: null },
];

/** JSON with other values, keys or places; undefined where the bytes are no JSON object or array. */
export function mutateJson(bytes: Uint8Array, words: readonly string[], random: Random): Uint8Array | undefined {
  let root: unknown;
  try {
    root = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof root !== "object" || root === null) return undefined;
  for (let edits = 1 + random(3); edits > 0; edits--) {
    const slots = slotsOf(root as Container);
    if (slots.length === 0) break;
    change(oneOf(random, slots), slots, words, random);
  }
  return Buffer.from(JSON.stringify(root));
}

/** Every value in its object or array. Of long arrays and tables the first, so that rare keys are changed as well. */
function slotsOf(parent: Container, slots: Slot[] = []): Slot[] {
  for (const key of Object.keys(parent).slice(0, 40)) {
    slots.push({ parent, key });
    const value = (parent as Record<string, unknown>)[key];
    if (typeof value === "object" && value !== null) slotsOf(value as Container, slots);
  }
  return slots;
}

/** Of a value of JSON. */
function copyOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}

function change({ parent, key }: Slot, slots: readonly Slot[], words: readonly string[], random: Random): void {
  const place = parent as Record<string, unknown>;
  const value = place[key];
  const put = (changed: unknown): void => {
    Object.defineProperty(place, key, { value: changed, enumerable: true, configurable: true, writable: true });
  };
  switch (random(8)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete place[key];
      return;
    case 1: {
      const other = oneOf(random, slots);
      put(copyOf((other.parent as Record<string, unknown>)[other.key]));
      return;
    }
    case 2:
      put(words.length === 0 ? "word" : oneOf(random, words));
      return;
    case 3:
      if (typeof value === "number") put(oneOf(random, [value + 1, value - 1, -value, value * 1e9, value / 3]));
      else if (typeof value === "string") put(value + oneOf(random, ["", "x", ".", "\n", value]));
      else put([value]);
      return;
    case 4: {
      const name =
        words.length === 0 || random(2) === 0
          ? oneOf(random, ["x", "constructor", "0", "", "toString"])
          : oneOf(random, words);
      if (!Array.isArray(parent)) place[name] = copyOf(value);
      else parent.push(copyOf(value));
      return;
    }
    case 5:
      put(nested(value, random(2) === 0 ? 3 : 100));
      return;
    default:
      put(copyOf(oneOf(random, ODD_VALUES)));
  }
}

function nested(value: unknown, depth: number): unknown {
  let wrapped = value;
  for (let level = 0; level < depth; level++) wrapped = [wrapped];
  return wrapped;
}

import type { JsonObject } from "@blora/spec";

export interface ConfigTextOptions {
  /** Whether whoever reads it takes `NaN` and `Infinity`, as Python does and JavaScript does not: there they are null. Default true. */
  readonly nonFinite?: boolean;
}

/**
 * A configuration as JSON whose numbers keep the point they have in `source`: JavaScript writes 2.0 as 2, which
 * transformers refuses where it expects a fraction.
 */
export function configText(config: JsonObject, source: string, { nonFinite = true }: ConfigTextOptions = {}): string {
  const pointed = [...source.matchAll(/"([^"\\]+)"\s*:\s*(-?\d+\.0+)(?=\s*[,}])/g)];
  const literals = new Map(pointed.map(([, key, literal]) => [key!, literal!]));
  const text = nonFinite ? withNonFinite(config) : JSON.stringify(config, null, 2);
  const kept = text.replace(/("([^"\\]+)": )(-?\d+)(?=,?$)/gm, (entry, start: string, key: string, value: string) => {
    const literal = literals.get(key);
    return literal !== undefined && Number(literal) === Number(value) ? start + literal : entry;
  });
  return `${kept}\n`;
}

/** No text of a configuration begins with it. */
const MARK = "\u0000";

function withNonFinite(config: JsonObject): string {
  const marked = JSON.stringify(
    config,
    (_, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? MARK + String(value) : value),
    2,
  );
  return marked.replace(/"\\u0000(NaN|-?Infinity)"/g, "$1");
}

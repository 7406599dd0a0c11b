import type { JsonObject } from "@blora/spec";

/**
 * A configuration as JSON whose numbers keep the point they have in `source`: JavaScript writes 2.0 as 2, which
 * transformers refuses where it expects a fraction.
 */
export function configText(config: JsonObject, source: string): string {
  const pointed = [...source.matchAll(/"([^"\\]+)"\s*:\s*(-?\d+\.0+)(?=\s*[,}])/g)];
  const literals = new Map(pointed.map(([, key, literal]) => [key!, literal!]));
  const text = JSON.stringify(config, null, 2);
  const kept = text.replace(/("([^"\\]+)": )(-?\d+)(?=,?$)/gm, (entry, start: string, key: string, value: string) => {
    const literal = literals.get(key);
    return literal !== undefined && Number(literal) === Number(value) ? start + literal : entry;
  });
  return `${kept}\n`;
}

import { sha256 } from "@blora/files";
import { isJsonRecord, type Json, type JsonObject, jsonDifferences } from "@blora/spec";

/** Settings that change what is written or seen, not what is computed. */
const HARMLESS_ARGUMENTS: readonly string[] = ["loggingSteps", "saveSteps", "saveTotalLimit"];

/** What of a configuration names, places or dates a run, and never decides what it computes. */
const HARMLESS: readonly string[] = [
  ...HARMLESS_ARGUMENTS.map((name) => `arguments.${name}`),
  "data.dataset",
  "data.folder",
  "formatVersion",
  "machine",
  "versions",
];

/** What names a network whose content is known: the same one may lie elsewhere, and another under the same name. */
const NAMES_OF_MODEL: readonly string[] = ["model", "modelConfig"];

/**
 * Rounds differently in the last bits: a run that goes on keeps its engine, and one that is done need not be repeated.
 * Its precision, where it is not float32, decides more than that.
 */
const ENGINE = "engine";

/** Keys of two configurations whose difference leaves the result as it is, to the last bit. */
function isHarmless(key: string, before: JsonObject, after: JsonObject): boolean {
  const isKnown = before.modelSha256 !== undefined && after.modelSha256 !== undefined;
  const harmless = isKnown ? [...HARMLESS, ...NAMES_OF_MODEL] : HARMLESS;
  return harmless.some((name) => key === name || key.startsWith(`${name}.`));
}

/** Differences of two configurations that change what is computed, one `key: old -> new` each. */
export function configDifferences(before: JsonObject, after: JsonObject): string[] {
  return jsonDifferences(before, after)
    .filter(({ key }) => !isHarmless(key, before, after))
    .map(({ text }) => text);
}

/**
 * What decides the result of a run: the network and every row by their content, task, method, price and arguments
 * with defaults filled in; neither a name nor a place of a file.
 */
export function decidingSettings(config: JsonObject): JsonObject {
  const without = (value: Json, path: string): Json => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const kept = Object.entries(value).flatMap(([key, item]) => {
      const place = path === "" ? key : `${path}.${key}`;
      return place === ENGINE || isHarmless(place, config, config)
        ? []
        : [[key, without(item as Json, place)] as const];
    });
    return Object.fromEntries(kept);
  };
  const precision = isJsonRecord(config.engine) ? config.engine.precision : undefined;
  return { ...(without(config, "") as JsonObject), ...(precision !== undefined && { engine: { precision } }) };
}

/** Names settings: equal ones, in whatever order, have equal names. SHA-256 in hex. */
export function fingerprintOf(settings: JsonObject): string {
  return sha256(JSON.stringify(sorted(settings)));
}

/** Keys in alphabetical order. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item as Json)]));
}

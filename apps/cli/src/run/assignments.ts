import type { ComponentManifest, PluginKind } from "@blora/spec";
import type { TrainingArgumentsInput } from "@blora/trainer";
import { type OptionTree, parseAssignment, withOption } from "./set-option.ts";
import type { RunSettings } from "./settings.ts";

/** Components whose options `--set` reaches by their name. */
const COMPONENTS = ["method", "task", "engine"] as const;
type ComponentName = (typeof COMPONENTS)[number];

/**
 * Settings changed by `--set path=value` flags, in order: `method.rank=4`,
 * `method.quantizer.bits=[0,4]`, `engine.threads=1`, and any training argument
 * by its bare name, `learningRate=1e-3`.
 */
export function applyAssignments(settings: RunSettings, assignments: readonly string[]): RunSettings {
  let current = settings;
  for (const text of assignments) current = applyAssignment(current, text);
  return current;
}

function applyAssignment(settings: RunSettings, text: string): RunSettings {
  const { path, value } = parseAssignment(text);
  const [first, ...rest] = path as [string, ...string[]];
  const component = COMPONENTS.find((name) => name === first && rest.length > 0);
  if (component !== undefined) return withComponentOption(settings, component, rest, value);
  return {
    ...settings,
    arguments: withOption(settings.arguments as OptionTree, path, value) as TrainingArgumentsInput,
  };
}

function withComponentOption(
  settings: RunSettings,
  name: ComponentName,
  path: readonly string[],
  value: unknown,
): RunSettings {
  return { ...settings, [name]: manifestWith(settings[name], path, value) };
}

/** Options of nested components are reached without naming `options`. */
function manifestWith<K extends PluginKind>(
  manifest: ComponentManifest<K>,
  path: readonly string[],
  value: unknown,
): ComponentManifest<K> {
  const options = (manifest.options ?? {}) as OptionTree;
  const [key, ...rest] = path as [string, ...string[]];
  const nested = options[key];
  if (rest.length > 0 && isManifest(nested)) {
    return { ...manifest, options: { ...options, [key]: manifestWith(nested, rest, value) } };
  }
  return { ...manifest, options: withOption(options, path, value) };
}

function isManifest(value: unknown): value is ComponentManifest {
  return typeof value === "object" && value !== null && "$plugin" in value;
}

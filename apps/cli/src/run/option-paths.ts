import type { Registry } from "@blora/core";
import type { ComponentManifest, Described, PluginKind } from "@blora/spec";
import { optionsOf } from "../reference/options-of.ts";
import { isManifest } from "./assignments.ts";

/**
 * Options of components that a path without its beginning may mean, as `--set` has them: `method.rank` for `rank`. Those
 * that end as the whole path does, else those that have its last name.
 */
export function fullPathsOf(
  path: readonly string[],
  components: readonly ComponentManifest[],
  registry: Registry,
): readonly string[] {
  const all = components.flatMap((manifest) => pathsIn(manifest, kindOf(manifest), registry));
  const endingIn = (end: string): readonly string[] => all.filter((full) => full.endsWith(`.${end}`));
  const whole = endingIn(path.join("."));
  return whole.length > 0 ? whole : endingIn(path.at(-1)!);
}

/** Paths of a component's options, and of those of the components among them. */
function pathsIn(manifest: ComponentManifest, place: string, registry: Registry): readonly string[] {
  const { $plugin, options } = manifest;
  const kind = kindOf(manifest);
  const { optionsSchema } = registry.plugin(kind, $plugin.slice(kind.length + 1));
  const values = Object.entries((options ?? {}) as Readonly<Record<string, unknown>>);
  return [
    ...optionsOf(optionsSchema).map(({ path }) => `${place}.${path}`),
    ...values.flatMap(([key, value]) => {
      const nested = isManifest(value) ? value : (value as Partial<Described<PluginKind>> | null)?.manifest;
      return nested === undefined ? [] : pathsIn(nested, `${place}.${key}`, registry);
    }),
  ];
}

function kindOf({ $plugin }: ComponentManifest): PluginKind {
  return $plugin.slice(0, $plugin.indexOf("/")) as PluginKind;
}

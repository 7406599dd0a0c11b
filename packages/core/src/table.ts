import { type AnyPlugin, PLUGIN_API_VERSION, PluginError } from "@blora/spec";

/** Plugins by kind, then by id. Maps, because ids come from files and `__proto__` is a string like any other. */
export type PluginTable = ReadonlyMap<string, ReadonlyMap<string, AnyPlugin>>;

const WORDS = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Checks every plugin and files it under its kind and id. */
export function tableOf(plugins: readonly AnyPlugin[]): PluginTable {
  const table = new Map<string, Map<string, AnyPlugin>>();
  plugins.forEach((plugin, index) => {
    assertPlugin(plugin, index);
    const ofKind = table.get(plugin.kind) ?? new Map<string, AnyPlugin>();
    const other = ofKind.get(plugin.id);
    if (other !== undefined) throw duplicate(plugin, other);
    table.set(plugin.kind, ofKind.set(plugin.id, plugin));
  });
  return table;
}

function assertPlugin(plugin: unknown, index: number): asserts plugin is AnyPlugin {
  if (typeof plugin !== "function" || !("kind" in plugin) || !("id" in plugin) || !("apiVersion" in plugin)) {
    const found = typeof plugin === "function" ? `function ${plugin.name || "without a name"}` : String(plugin);
    throw new PluginError(`Entry ${index} of the plugin list must come from definePlugin, found ${found}.`);
  }
  const { kind, id, apiVersion } = plugin;
  if (typeof kind !== "string" || typeof id !== "string" || !WORDS.test(id)) {
    throw new PluginError(
      `Entry ${index} of the plugin list must have an id of lower-case words joined by hyphens, found "${kind}/${id}".`,
    );
  }
  if (apiVersion !== PLUGIN_API_VERSION) {
    throw new PluginError(
      `Plugin ${kind}/${id} of ${origin(plugin as unknown as AnyPlugin)} is written for plugin API ` +
        `${apiVersion}, this registry speaks ${PLUGIN_API_VERSION}: install a release made for ${PLUGIN_API_VERSION}.`,
    );
  }
  if (!("optionsSchema" in plugin) || plugin.optionsSchema === undefined) {
    throw new PluginError(
      `Plugin ${kind}/${id} must have an options schema; noOptions is that of a plugin without any.`,
    );
  }
}

function duplicate(plugin: AnyPlugin, other: AnyPlugin): PluginError {
  return new PluginError(
    `Plugin ${plugin.kind}/${plugin.id} is registered twice, by ${origin(other)} and by ${origin(plugin)}: leave one out.`,
  );
}

function origin(plugin: AnyPlugin): string {
  return plugin.packageName ?? "a package that does not name itself";
}

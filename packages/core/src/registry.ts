import {
  type AnyPlugin,
  type Component,
  type ComponentManifest,
  didYouMean,
  NotFoundError,
  type PluginKind,
} from "@blora/spec";
import { resolveManifest } from "./resolve.ts";
import { type PluginTable, tableOf } from "./table.ts";

/** The plugin of one kind and id in the union `P`. */
type PluginNamed<P extends AnyPlugin, K, Id> = Extract<P, { readonly kind: K; readonly id: Id }>;

/** Ids of one kind in the union `P`. */
type IdOf<P extends AnyPlugin, K> = Extract<P, { readonly kind: K }>["id"];

/** Looks plugins up by name. Never changes once made. */
export interface Registry<P extends AnyPlugin = AnyPlugin> {
  /**
   * Calls the plugin of that kind and id.
   *
   * @throws {NotFoundError} for a kind or id that is not registered, with suggestions
   */
  create<K extends P["kind"], Id extends IdOf<P, K>>(
    kind: K,
    id: Id,
    ...options: Parameters<PluginNamed<P, K, Id>>
  ): ReturnType<PluginNamed<P, K, Id>>;
  /** Registered ids of a kind, in the order of registration. */
  ids<K extends P["kind"]>(kind: K): readonly IdOf<P, K>[];
  /**
   * Turns a manifest back into its component, nested components included.
   * Name the kind where the manifest comes from a file.
   *
   * @throws {InvalidInputError} naming the place, for anything that is no manifest or has wrong options
   * @throws {NotFoundError} for a component that is not registered
   */
  resolve<K extends P["kind"]>(manifest: ComponentManifest<K>): Component<K>;
  resolve<K extends P["kind"]>(manifest: unknown, kind: K): Component<K>;
  /** The plugin of that kind and id. @throws {NotFoundError} for one that is not registered, with suggestions */
  plugin(kind: PluginKind, id: string): AnyPlugin;
  /** npm package that provides `kind/id`, where it is registered and named one. */
  packageOf(reference: string): string | undefined;
}

/**
 * A registry of exactly these plugins. Ids, options and components are
 * inferred from the list.
 *
 * @throws {PluginError} for a duplicate id, a foreign plugin API version or something that is no plugin
 *
 * @example
 * const registry = createRegistry([hardConcrete, uniform]);
 * const quantizer = registry.create("quantizer", "uniform", { bits: 4 });
 */
export function createRegistry<const P extends readonly AnyPlugin[]>(plugins: P): Registry<P[number]> {
  const table = tableOf(plugins);
  const registry = {
    create: (kind: PluginKind, id: string, ...options: never[]) => call(find(table, kind, id), options),
    ids: (kind: PluginKind) => [...(table.get(kind)?.keys() ?? [])],
    resolve: (manifest: unknown, kind?: PluginKind) => resolveManifest(manifest, kind, (k, id) => find(table, k, id)),
    plugin: (kind: PluginKind, id: string) => find(table, kind, id),
    packageOf: (reference: string) => packageOf(table, reference),
  };
  return Object.freeze(registry) as unknown as Registry<P[number]>;
}

function call(plugin: AnyPlugin, options: readonly never[]): unknown {
  return (plugin as (...options: readonly never[]) => unknown)(...options);
}

function find(table: PluginTable, kind: string, id: string): AnyPlugin {
  const ofKind = table.get(kind);
  if (ofKind === undefined) {
    throw new NotFoundError(
      `No plugin of kind "${kind}" is registered.${didYouMean(kind, table.keys())} ${listed("kinds", table.keys())}`,
    );
  }
  const plugin = ofKind.get(id);
  if (plugin === undefined) {
    throw new NotFoundError(
      `No ${kind} is called "${id}".${didYouMean(id, ofKind.keys())} ${listed(`${kind} ids`, ofKind.keys())}`,
    );
  }
  return plugin;
}

function listed(what: string, names: Iterable<string>): string {
  const all = [...names];
  return `Registered ${what}: ${all.length === 0 ? "none" : all.join(", ")}.`;
}

function packageOf(table: PluginTable, reference: string): string | undefined {
  const slash = reference.indexOf("/");
  return table.get(reference.slice(0, slash))?.get(reference.slice(slash + 1))?.packageName;
}

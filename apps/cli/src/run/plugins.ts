import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createRegistry, type Registry } from "@blora/core";
import { type AnyPlugin, NotFoundError, PluginError } from "@blora/spec";
import { firstPartyPlugins } from "../registry.ts";
import { importModule } from "./import-module.ts";

/** A package or file of plugins. */
export interface PluginSource {
  readonly name: string;
  /** Where it is named, for errors. */
  readonly place: string;
}

/** Those of `--plugin`. */
export function pluginFlags(names: readonly string[] = []): readonly PluginSource[] {
  return names.map((name) => ({ name, place: `--plugin ${name}` }));
}

/**
 * Every first-party plugin, and each that a named package or file exports, as
 * the working folder finds it. Sources are flags and config files alone:
 * nothing is imported because an adapter says so.
 *
 * @throws PluginError naming the source that has no plugin, or one whose id is taken
 * @throws InvalidInputError where it cannot be imported
 */
export async function registryWith(sources: readonly PluginSource[]): Promise<Registry> {
  const plugins = new Map<string, AnyPlugin>(firstPartyPlugins.map((plugin) => [referenceOf(plugin), plugin]));
  const packages = new Map<string, string>();
  for (const { name, place } of sources) {
    const file = resolve(name);
    const isFile = existsSync(file);
    for (const plugin of await pluginsOf(isFile ? file : name, place)) {
      const reference = referenceOf(plugin);
      const other = plugins.get(reference) ?? plugin;
      if (other !== plugin) throw taken(place, reference, packages.get(reference) ?? other.packageName);
      plugins.set(reference, plugin);
      if (!isFile) packages.set(reference, name);
    }
  }
  const registry = createRegistry([...plugins.values()]);
  return { ...registry, packageOf: (reference) => registry.packageOf(reference) ?? packages.get(reference) };
}

async function pluginsOf(specifier: string, place: string): Promise<readonly AnyPlugin[]> {
  const exported = (await importModule(specifier, place)) as Readonly<Record<string, unknown>>;
  const found = [...new Set(Object.values(exported))].filter(isPlugin);
  if (found.length > 0) return found;
  const names = Object.keys(exported).join(", ") || "no export";
  throw new PluginError(`${place}: expected an export made by definePlugin, found ${names}.`);
}

function isPlugin(value: unknown): value is AnyPlugin {
  return typeof value === "function" && "kind" in value && "id" in value && "apiVersion" in value;
}

function referenceOf({ kind, id }: Pick<AnyPlugin, "kind" | "id">): string {
  return `${kind}/${id}`;
}

function taken(place: string, reference: string, other = "another package"): PluginError {
  return new PluginError(`${place}: its ${reference} has the name of one of ${other}: leave one of them out.`);
}

/** A component that a manifest names and no first-party plugin makes. */
export interface ForeignPlugin {
  /** `kind/id` */
  readonly reference: string;
  /** npm package the manifest says it comes from. */
  readonly packageName: string | undefined;
}

const PACKAGE_NAME = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;
const ownReferences: ReadonlySet<string> = new Set(firstPartyPlugins.map(referenceOf));

/** Third-party plugins of a manifest and of those inside its options. */
export function foreignPlugins(manifest: unknown): readonly ForeignPlugin[] {
  if (typeof manifest !== "object" || manifest === null) return [];
  const nested = Object.values(manifest).flatMap(foreignPlugins);
  if (!("$plugin" in manifest) || ownReferences.has(String(manifest.$plugin))) return nested;
  const named = "package" in manifest ? String(manifest.package) : "";
  const packageName = PACKAGE_NAME.test(named) ? named : undefined;
  return [{ reference: String(manifest.$plugin), packageName }, ...nested];
}

export function isRegistered({ reference }: ForeignPlugin, registry: Registry): boolean {
  const [kind, id] = reference.split("/") as [AnyPlugin["kind"], string];
  return (registry.ids(kind) as readonly string[]).includes(id);
}

/** @throws NotFoundError saying which `--plugin` brings what an adapter was made with */
export function requirePlugins(manifest: unknown, registry: Registry, place: string): void {
  for (const plugin of foreignPlugins(manifest)) {
    if (isRegistered(plugin, registry)) continue;
    const { reference, packageName } = plugin;
    const advice =
      packageName === undefined
        ? "Name the package or file that has it with --plugin."
        : `If you trust the package ${packageName}, install it and add --plugin ${packageName}.`;
    throw new NotFoundError(
      `${place}: expected the plugin ${reference}, which it was made with, and it is not loaded. ${advice}`,
    );
  }
}

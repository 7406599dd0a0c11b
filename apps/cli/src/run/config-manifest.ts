import { type Registry, type RunConfig, type StoredManifest, writeManifest } from "@blora/core";
import { type Component, InvalidInputError, type JsonObject, type PluginKind, toJson } from "@blora/spec";
import type { TrainingArgumentsInput } from "@blora/trainer";

export type Config = RunConfig<TrainingArgumentsInput>;

/** Parts of a configuration that plugins make. */
const COMPONENTS = ["task", "method", "engine", "costModel", "architecture"] as const;

/**
 * A configuration as JSON, for a machine that has no such file.
 *
 * @throws InvalidInputError naming a part that does not say how it was made
 */
export function configManifest(config: Config, file: string): JsonObject {
  const parts = COMPONENTS.flatMap((kind) => {
    const part = config[kind] as Component<PluginKind> | undefined;
    if (part === undefined) return [];
    if (part.manifest === undefined) {
      throw new InvalidInputError(
        `${file}: expected a ${kind} that a plugin made, found one that does not say how it was made: other machines cannot make it.`,
      );
    }
    // Refuses what JSON cannot hold. What is kept are the options as they were given: completed ones are written in
    // another order, and adapters would differ from those that are trained here.
    writeManifest(part);
    return [[kind, toJson(part)]];
  });
  const { model, data, plugins, training } = config;
  return toJson({ ...Object.fromEntries(parts), model, data, plugins, training }) as JsonObject;
}

/** The configuration again. */
export function configOfManifest(manifest: JsonObject, registry: Registry): Config {
  const parts = COMPONENTS.flatMap((kind) => {
    const part = manifest[kind] as unknown as StoredManifest | undefined;
    return part === undefined ? [] : [[kind, registry.resolve(part as never, kind)]];
  });
  return { ...manifest, ...Object.fromEntries(parts) } as unknown as Config;
}

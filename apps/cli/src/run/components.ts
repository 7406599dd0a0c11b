import type { Registry } from "@blora/core";
import { type ComponentManifest, didYouMean, NotFoundError, type PluginKind } from "@blora/spec";
import { glueTaskNames } from "@blora/task-glue";
import { isManifest } from "./assignments.ts";

/** Share of LoRA's bit operations that B-LoRA ends at unless it is told another. */
const DEFAULT_BUDGET = 0.0625;

/** Tasks that are a plugin each, by its id, and the tasks of GLUE. */
export function taskNames(registry: Registry): readonly string[] {
  return [...registry.ids("task").filter((id) => id !== "glue"), ...glueTaskNames];
}

export function taskManifest(name: string, registry: Registry): ComponentManifest<"task"> {
  requireKnown("task", name, taskNames(registry));
  if ((glueTaskNames as readonly string[]).includes(name)) return { $plugin: "task/glue", options: { task: name } };
  return { $plugin: `task/${name}` };
}

/** A method with the components it needs, before flags change its options. */
export function methodManifest(name: string, registry: Registry): ComponentManifest<"method"> {
  requireKnown("method", name, registry.ids("method"));
  if (name !== "blora") return { $plugin: `method/${name}`, options: {} };
  const gate = { $plugin: "gate/hard-concrete" };
  return {
    $plugin: "method/blora",
    options: {
      bopsTarget: DEFAULT_BUDGET,
      quantizer: { $plugin: "quantizer/uniform", options: { bits: [0, 2, 3, 4, 8], gate } },
      siteQuantizer: { $plugin: "quantizer/bayesian-bits", options: { gate } },
    },
  };
}

/** Id of the plugin a method was made by. */
export function methodName(manifest: unknown): string {
  return isManifest(manifest) ? manifest.$plugin.replace("method/", "") : "custom";
}

export function engineManifest(name: string, registry: Registry): ComponentManifest<"engine"> {
  requireKnown("engine", name, registry.ids("engine"));
  return { $plugin: `engine/${name}`, options: {} };
}

function requireKnown(kind: PluginKind, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const plural = `${kind[0]!.toUpperCase()}${kind.slice(1)}s`;
  const list = `${plural}: ${known.join(", ")}; others come with --plugin.`;
  throw new NotFoundError(`No ${kind} is called "${name}".${didYouMean(name, known)} ${list}`);
}

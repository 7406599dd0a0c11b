import { type DatasetName, isPacked, isPeft, readAdapterDescription, readPeftConfig } from "@blora/adapters";
import type { Registry } from "@blora/core";
import { type BaseModel, baseModelOf, requireBaseModel } from "@blora/network";
import { type ComponentManifest, type Head, InvalidInputError, type Method } from "@blora/spec";
import { type AdapterFlags, adapterFolder, requireOfHub } from "./adapter-folder.ts";
import { BUILTIN_MODEL } from "./builtin-model.ts";
import { requirePlugins } from "./plugins.ts";

/** What an adapter folder says of the run it belongs to. */
export interface AdapterSettings {
  readonly folder: string;
  readonly base: BaseModel | undefined;
  readonly method: ComponentManifest<"method">;
  /** Undefined for adapters of PEFT, which name neither task nor labels. */
  readonly task?: string;
  /** The task with the options it was trained with, where these are kept. */
  readonly taskManifest?: ComponentManifest<"task"> | undefined;
  /** Data set of the Hub, with its commit where training read it from there. */
  readonly dataset?: DatasetName | undefined;
  readonly head?: Head;
  readonly maxSeqLength?: number;
}

/** Of an adapter that may be in a run directory or on the Hub: what it was trained with, or plain LoRA for one of PEFT's. */
export async function adapterSettings(path: string, flags: AdapterFlags): Promise<AdapterSettings> {
  const folder = await adapterFolder(path, flags);
  const base = await baseModelOf(folder);
  if (!isPacked(folder) && isPeft(folder)) {
    const { taskType, rank } = readPeftConfig(folder);
    return {
      folder,
      base,
      // Its own rank is what its cost is held against.
      method: { $plugin: "method/lora", options: { rank } },
      ...(taskType === "CAUSAL_LM" && { head: { kind: "language-model" } }),
    };
  }
  const { method, task, taskManifest, dataset, head, maxSeqLength } = await readAdapterDescription(folder);
  return {
    folder,
    base,
    method: method as unknown as ComponentManifest<"method">,
    task,
    taskManifest: taskManifest as ComponentManifest<"task"> | undefined,
    dataset,
    head,
    maxSeqLength,
  };
}

/**
 * The model a command uses: the given one, else the one the adapter was trained on, at its commit. A given one that is
 * the adapter's has that commit too, where no other is asked for.
 *
 * @throws UsageError for a revision of a model that is on this machine
 */
export function chosenModel(flags: ModelFlags, adapter: AdapterSettings | undefined): BaseModel {
  const chosen = modelOf(flags, adapter);
  requireOfHub("model", chosen.model, { flag: "--revision", revision: flags.revision });
  return chosen;
}

interface ModelFlags {
  readonly model?: string | undefined;
  readonly revision?: string | undefined;
}

function modelOf({ model, revision }: ModelFlags, adapter: AdapterSettings | undefined): BaseModel {
  if (model !== undefined) {
    return { model, revision: revision ?? (model === adapter?.base?.model ? adapter.base.revision : undefined) };
  }
  if (adapter === undefined) throw new InvalidInputError("Expected a --model or an adapter, found neither.");
  const { sha256, ...base } = requireBase(adapter);
  return revision === undefined ? { ...base, sha256 } : { ...base, revision };
}

function requireBase({ base, folder }: AdapterSettings): BaseModel {
  return base?.model === BUILTIN_MODEL ? base : requireBaseModel(base, folder);
}

/** The method an adapter was trained with. @throws NotFoundError saying which `--plugin` brings it */
export function methodOf({ method, folder }: AdapterSettings, registry: Registry): Method {
  requirePlugins(method, registry, folder);
  return registry.resolve(method, "method");
}

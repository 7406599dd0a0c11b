import { isPacked, isPeft, readAdapterDescription, readPeftConfig } from "@blora/adapters";
import type { Registry } from "@blora/core";
import { type ComponentManifest, type Head, InvalidInputError, type Method } from "@blora/spec";
import { type AdapterFlags, adapterFolder } from "./adapter-folder.ts";
import { requirePlugins } from "./plugins.ts";

/** What an adapter folder says of the run it belongs to. */
export interface AdapterSettings {
  readonly folder: string;
  readonly baseModel: string | undefined;
  readonly method: ComponentManifest<"method">;
  /** Undefined for adapters of PEFT, which name neither task nor labels. */
  readonly task?: string;
  readonly head?: Head;
  readonly maxSeqLength?: number;
}

/** Of an adapter that may be in a run directory or on the Hub: what it was trained with, or plain LoRA for one of PEFT's. */
export async function adapterSettings(path: string, flags: AdapterFlags): Promise<AdapterSettings> {
  const folder = await adapterFolder(path, flags);
  if (!isPacked(folder) && isPeft(folder)) {
    const { baseModel, taskType, rank } = readPeftConfig(folder);
    return {
      folder,
      baseModel,
      // Its own rank is what its cost is held against.
      method: { $plugin: "method/lora", options: { rank } },
      ...(taskType === "CAUSAL_LM" && { head: { kind: "language-model" } }),
    };
  }
  const { baseModel, method, task, head, maxSeqLength } = await readAdapterDescription(folder);
  return { folder, baseModel, method: method as unknown as ComponentManifest<"method">, task, head, maxSeqLength };
}

/** The model a command uses: the given one, else the one the adapter was trained on. */
export function requireBaseModel(given: string | undefined, adapter: AdapterSettings | undefined): string {
  const name = given ?? adapter?.baseModel;
  if (name !== undefined) return name;
  throw new InvalidInputError(
    adapter === undefined
      ? "Expected a --model or an adapter, found neither."
      : `${adapter.folder}: expected --model, because the adapter names no base model.`,
  );
}

/** The method an adapter was trained with. @throws NotFoundError saying which `--plugin` brings it */
export function methodOf({ method, folder }: AdapterSettings, registry: Registry): Method {
  requirePlugins(method, registry, folder);
  return registry.resolve(method, "method");
}

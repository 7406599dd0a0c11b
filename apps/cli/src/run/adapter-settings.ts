import { isPacked, isPeft, readAdapterDescription, readPeftConfig } from "@blora/adapters";
import type { ComponentManifest, Head } from "@blora/spec";
import { type AdapterFlags, adapterFolder } from "./adapter-folder.ts";

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
    const { baseModel, taskType } = readPeftConfig(folder);
    return {
      folder,
      baseModel,
      method: { $plugin: "method/lora", options: {} },
      ...(taskType === "CAUSAL_LM" && { head: { kind: "language-model" } }),
    };
  }
  const { baseModel, method, task, head, maxSeqLength } = await readAdapterDescription(folder);
  return { folder, baseModel, method: method as unknown as ComponentManifest<"method">, task, head, maxSeqLength };
}

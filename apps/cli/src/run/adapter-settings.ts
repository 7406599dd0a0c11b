import { isPacked, isPeft, readAdapterDescription, readPeftConfig } from "@blora/adapters";
import type { ComponentManifest, Head } from "@blora/spec";
import { methodManifest } from "./components.ts";

/** What an adapter folder says of the run it belongs to. */
export interface AdapterSettings {
  readonly baseModel: string | undefined;
  readonly method: ComponentManifest<"method">;
  /** Undefined for adapters of PEFT, which name neither task nor labels. */
  readonly task?: string;
  readonly head?: Head;
  readonly maxSeqLength?: number;
}

/** Reads them: those an adapter was trained with, or plain LoRA for one of PEFT's. */
export async function adapterSettings(folder: string): Promise<AdapterSettings> {
  if (!isPacked(folder) && isPeft(folder)) {
    const { baseModel, taskType } = readPeftConfig(folder);
    return {
      baseModel,
      method: methodManifest("lora"),
      ...(taskType === "CAUSAL_LM" && { head: { kind: "language-model" } }),
    };
  }
  const { baseModel, method, task, head, maxSeqLength } = await readAdapterDescription(folder);
  return { baseModel, method: method as unknown as ComponentManifest<"method">, task, head, maxSeqLength };
}

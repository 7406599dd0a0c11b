import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PEFT_CONFIG_FILE, PEFT_TENSORS_FILE } from "@blora/files";
import type { LinearSite, Method } from "@blora/spec";
import { writeTensors } from "@blora/weights";
import type { TrainedAdapter } from "../trained-adapter.ts";
import { PEFT_METADATA, plainFiles } from "./plain-files.ts";

/**
 * Writes an adapter as plain LoRA: `adapter_config.json` and
 * `adapter_model.safetensors`, which PEFT loads from version 0.11 on. Ranks are
 * those evaluation uses, and every scale is folded into B.
 */
export async function writePeft(
  folder: string,
  method: Method,
  sites: readonly LinearSite[],
  adapter: TrainedAdapter,
): Promise<void> {
  const { config, tensors } = plainFiles(method, sites, adapter);
  writeTensors(join(folder, PEFT_TENSORS_FILE), tensors, PEFT_METADATA);
  await writeFile(join(folder, PEFT_CONFIG_FILE), config);
}

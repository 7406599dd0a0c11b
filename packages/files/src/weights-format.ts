import { existsSync } from "node:fs";
import { join } from "node:path";
import { PYTORCH_FILE, PYTORCH_INDEX_FILE, WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from "./file-names.ts";

/** Whether there is a file of a name. */
type Has = (name: string) => boolean;

/** How the weights of a model are stored; undefined where there are none that are read. Safetensors count before the other. */
export function weightsFormat(has: Has): "safetensors" | "pytorch" | undefined {
  if (has(WEIGHTS_FILE) || has(WEIGHTS_INDEX_FILE)) return "safetensors";
  return has(PYTORCH_FILE) || has(PYTORCH_INDEX_FILE) ? "pytorch" : undefined;
}

/** Whether a folder has a file. */
export function inFolder(folder: string): Has {
  return (name) => existsSync(join(folder, name));
}

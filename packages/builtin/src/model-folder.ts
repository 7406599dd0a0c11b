import { fileURLToPath } from "node:url";

/** Folder of the built-in checkpoint: `config.json`, weights and tokenizer, as a Hugging Face snapshot has them. */
export function builtinModelFolder(): string {
  return fileURLToPath(new URL("../model", import.meta.url));
}

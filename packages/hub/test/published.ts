import type { PublishedFile } from "../src/index.ts";

/** The files of an adapter by name: a card, PEFT's two and the packed two. */
export function published(): PublishedFile[] {
  return [
    ["README.md", "# an adapter"],
    ["adapter_config.json", '{"base_model_name_or_path":"org/tiny"}'],
    ["adapter_model.safetensors", "tensors of PEFT"],
    ["blora_config.json", '{"baseModel":"org/tiny"}'],
    ["blora_model.safetensors", "packed tensors"],
  ].map(([path, text]) => ({ path: path!, bytes: new TextEncoder().encode(text) }));
}

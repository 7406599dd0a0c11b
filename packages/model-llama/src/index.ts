export type { LlamaConfig } from "./config.ts";
export { llama } from "./llama.ts";

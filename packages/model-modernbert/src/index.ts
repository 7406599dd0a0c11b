export type { ModernBertConfig } from "./config.ts";
export { type ModernBertOptions, modernBert } from "./modernbert.ts";

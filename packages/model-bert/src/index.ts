export { type BertOptions, bert } from "./bert.ts";
export type { BertConfig } from "./config.ts";

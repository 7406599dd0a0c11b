export type { RobertaConfig } from "./config.ts";
export { type RobertaOptions, roberta } from "./roberta.ts";

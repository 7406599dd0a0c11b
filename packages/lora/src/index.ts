export { adalora } from "./adalora/adalora.ts";
export type { AdaloraOptions, Steps } from "./adalora/options.ts";
export { full, head } from "./baselines.ts";
export { blora } from "./blora/blora.ts";
export type { BloraOptions, PhaseShares, Scope } from "./blora/options.ts";
export { type LoraOptions, lora } from "./lora.ts";
export type { LowRankOptions } from "./options.ts";

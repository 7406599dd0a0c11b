export { isPacked, readAdapter, readAdapterDescription, type TrainedAdapter, writeAdapter } from "./adapter-folder.ts";
export type { AdapterDescription, AdapterResults, CostSummary, LedgerRow } from "./description.ts";
export { mergedWeight } from "./merge/merged-weight.ts";
export type { PeftConfig } from "./peft/config.ts";
export { isPeft, type PeftAdapter, type PeftNetwork, readPeft, readPeftConfig } from "./peft/read-peft.ts";
export { exportUpdates, writePeft } from "./peft/write-peft.ts";
export { type AdapterWeights, groupParameters, HEAD_PREFIX, namedParameters } from "./weights.ts";

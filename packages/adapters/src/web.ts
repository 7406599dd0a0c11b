export type { TrainedAdapter } from "./adapter-folder.ts";
export { adapterFiles, adapterOfFiles, sizesOfFiles } from "./adapter-in-memory.ts";
export type { AdapterSizes, FormSizes } from "./adapter-sizes.ts";
export type { AdapterDescription, AdapterResults, CostSummary, DatasetName, LedgerRow } from "./description.ts";
export { mergedWeight } from "./merge/merged-weight.ts";
export { packBits } from "./packed/bits.ts";
export { exportCodes, exportUpdates } from "./peft/plain-files.ts";
export { type AdapterWeights, groupParameters, HEAD_PREFIX, namedParameters } from "./weights.ts";
export { weightsFingerprint } from "./weights-fingerprint.ts";

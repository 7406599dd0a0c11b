export {
  adapterSizes,
  isPacked,
  readAdapter,
  readAdapterDescription,
  writeAdapter,
} from "./adapter-folder.ts";
export { adapterFiles, adapterOfFiles, sizesOfFiles } from "./adapter-in-memory.ts";
export type { AdapterSizes, FormSizes } from "./adapter-sizes.ts";
export { describeAdapter } from "./describe-adapter.ts";
export type { AdapterDescription, AdapterResults, CostSummary, DatasetName, LedgerRow } from "./description.ts";
export { configText } from "./merge/config-text.ts";
export { limitedTokenizer, TOKENIZER_CONFIG } from "./merge/limited-tokenizer.ts";
export { type MergeOptions, type MergeReport, mergeAdapter } from "./merge/merge-adapter.ts";
export { isMergedInto, type MergeError, readMergeRecord, writeMergeRecord } from "./merge/merge-record.ts";
export { mergedWeight } from "./merge/merged-weight.ts";
export { endTextsAt } from "./merge/stop-ids.ts";
export { limitTexts, textLimitOf } from "./merge/text-limit.ts";
export { packBits } from "./packed/bits.ts";
export type { PeftConfig } from "./peft/config.ts";
export { exportCodes, exportUpdates } from "./peft/plain-files.ts";
export { isPeft, type PeftAdapter, type PeftNetwork, readPeft, readPeftConfig } from "./peft/read-peft.ts";
export { writePeft } from "./peft/write-peft.ts";
export type { PublishOptions } from "./publish/model-card.ts";
export { npmPackage } from "./publish/npm-package.ts";
export { hubBaseModel, publishedFiles } from "./publish/published-files.ts";
export type { TrainedAdapter } from "./trained-adapter.ts";
export { type AdapterWeights, groupParameters, HEAD_PREFIX, namedParameters } from "./weights.ts";
export { weightsFingerprint } from "./weights-fingerprint.ts";

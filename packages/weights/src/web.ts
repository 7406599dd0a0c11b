export type { Checkpoint, CheckpointTensor } from "./checkpoint.ts";
export { checkpointSha256 } from "./checkpoint-sha256.ts";
export type { DataType } from "./data-types.ts";
export { decodeTensor, decodeTensors, isFloatType, type ReadOptions, type TensorValues } from "./decode-tensor.ts";
export { encodeFloats, encodeSafetensors, type LazyTensor, type WritableTensor } from "./encode-safetensors.ts";
export { checkpointOfRanges } from "./files-by-ranges.ts";
export { checkpointOfFiles } from "./files-in-memory.ts";
export { firstNonFinite } from "./first-non-finite.ts";
export { type MatchOptions, matchParameters, type ParameterMatch } from "./match-parameters.ts";
export {
  fileInMemory,
  headerOf,
  type SafetensorsHeader,
  type StoredFile,
  type TensorEntry,
} from "./safetensors-header.ts";
export { requireVocabulary, vocabularySizeOf } from "./vocabulary.ts";

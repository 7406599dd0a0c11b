export { checkpointSha256 } from "./checkpoint-sha256.ts";
export type { DataType } from "./data-types.ts";
export { firstNonFinite } from "./first-non-finite.ts";
export { type MatchOptions, matchParameters, type ParameterMatch } from "./match-parameters.ts";
export { type Checkpoint, type CheckpointTensor, openCheckpoint } from "./open-checkpoint.ts";
export { readBytes } from "./positioned-read.ts";
export { type SafetensorsFolderOptions, safetensorsFolder } from "./pytorch/safetensors-folder.ts";
export { requireUnquantized } from "./quantized.ts";
export { isFloatType, type ReadOptions, readTensor, readTensorValues, type TensorValues } from "./read-tensor.ts";
export { readSafetensorsHeader, type SafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";
export { readTensors, writeTensors } from "./tensors.ts";
export { requireVocabulary, vocabularySizeOf } from "./vocabulary.ts";
export {
  encodeFloats,
  type LazyTensor,
  type WritableTensor,
  writeLazySafetensors,
  writeSafetensors,
} from "./write-safetensors.ts";

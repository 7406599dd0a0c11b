export type { DataType } from "./data-types.ts";
export type { DownloadProgress } from "./hub-download.ts";
export { type MatchOptions, matchParameters, type ParameterMatch } from "./match-parameters.ts";
export { type Checkpoint, type CheckpointTensor, openCheckpoint } from "./open-checkpoint.ts";
export { type ReadOptions, readTensor, readTensorValues, type TensorValues } from "./read-tensor.ts";
export { type ResolveModelOptions, resolveModel } from "./resolve-model.ts";
export { readSafetensorsHeader, type SafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";
export { type WritableTensor, writeSafetensors } from "./write-safetensors.ts";

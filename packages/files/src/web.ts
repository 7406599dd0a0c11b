export {
  ADAPTER_DESCRIPTION_FILE,
  ADAPTER_PACKED_FILE,
  PEFT_CONFIG_FILE,
  PEFT_TENSORS_FILE,
  WEIGHTS_FILE,
  WEIGHTS_INDEX_FILE,
} from "./file-names.ts";
export { BYTES_PER_VALUE, type FrozenInMemory, frozenValues } from "./frozen-values.ts";
export { narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from "./half-floats.ts";
export { fileAtUrl, fileOfBlob, type RangedFile } from "./ranged-file.ts";
export { type Hashable, sha256, sha256OfFile } from "./web/sha256.ts";
export { createTimeLimit, type TimeLimit } from "./web/time-limit.ts";

export { cacheFolder } from "./cache-folder.ts";
export {
  CHAT_FILES,
  CHAT_TEMPLATE_FILE,
  copyChanged,
  copyChatTemplate,
  copyCompanionFiles,
  isCompanionFile,
} from "./companion-files.ts";
export { freeBytes, requireFreeSpace } from "./disk-space.ts";
export {
  flush,
  writeFileDurably,
  writeFileDurablySync,
  writeFirstDurably,
  writeNewFileDurably,
} from "./durable.ts";
export { placeNewFolder, writeFolderDurably, writeNewFolderDurably } from "./durable-folder.ts";
export { requireEmptyFolder } from "./empty-folder.ts";
export {
  ADAPTER_DESCRIPTION_FILE,
  ADAPTER_PACKED_FILE,
  isPickle,
  PEFT_CONFIG_FILE,
  PEFT_TENSORS_FILE,
  PYTORCH_FILE,
  PYTORCH_INDEX_FILE,
  pickleAdvice,
  WEIGHTS_FILE,
  WEIGHTS_INDEX_FILE,
} from "./file-names.ts";
export { BYTES_PER_VALUE, type FrozenInMemory, frozenValues } from "./frozen-values.ts";
export { narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from "./half-floats.ts";
export { pathInside } from "./inside-folder.ts";
export { readJsonFile, readJsonFileIfPresent, readTextIfPresent } from "./json-file.ts";
export {
  FolderInUseError,
  type FolderLock,
  LOCK_FILE,
  type LockOptions,
  lockFolder,
  lockFolderIfFree,
} from "./lock.ts";
export { createLockWatch, type LockWatch, parseOwner } from "./lock-watch.ts";
export { type LogFile, openLogFile, writeWhole } from "./log-file.ts";
export { makeFolder } from "./make-folder.ts";
export { partialPath, removeAbandoned } from "./partial-names.ts";
export { fileAtUrl, fileOfBlob, type RangedFile } from "./ranged-file.ts";
export { readFrozen } from "./read-frozen.ts";
export { type Hashable, sha256, sha256OfFile } from "./sha256.ts";
export { createTimeLimit, type TimeLimit } from "./time-limit.ts";
export { inFolder, weightsFormat } from "./weights-format.ts";
export { writeError } from "./write-error.ts";

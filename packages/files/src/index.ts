export { freeBytes, requireFreeSpace } from "./disk-space.ts";
export { flush, writeFileDurably, writeFileDurablySync, writeFolderDurably } from "./durable.ts";
export { type FolderLock, LOCK_FILE, lockFolder } from "./lock.ts";

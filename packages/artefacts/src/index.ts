export { type FileStoreOptions, fileStore } from "./file-store.ts";
export { openStore } from "./open-store.ts";
export type { Patience } from "./s3-connection.ts";
export { createS3Store, type S3StoreOptions, type S3StoreParts, s3Store } from "./s3-store.ts";
export { fetchFiles, isSavedFiles, readStored, type SavedFile, saveFiles } from "./saved-files.ts";

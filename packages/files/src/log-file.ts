import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { writeError } from "./write-error.ts";

/** A file that only grows, a whole entry at a time. */
export interface LogFile {
  /** On disk when it returns. Where it does not fit, nothing of it is. */
  append(entry: string | Uint8Array): void;
  close(): void;
}

/** Opens a file to append to; made where absent. */
export function openLogFile(path: string): LogFile {
  const file = attempt(path, undefined, () => openSync(path, "a"));
  return {
    append(entry) {
      const bytes = typeof entry === "string" ? Buffer.from(entry) : entry;
      const { size } = fstatSync(file);
      attempt(path, bytes.length, () => {
        try {
          writeWhole(file, bytes);
        } catch (error) {
          ftruncateSync(file, size);
          throw error;
        }
      });
    },
    close: () => closeSync(file),
  };
}

/** Writes every byte: a disk that is about to be full takes a part of them, and says so by a number alone. */
export function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function attempt<Result>(path: string, needed: number | undefined, write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    throw writeError(error, path, needed);
  }
}

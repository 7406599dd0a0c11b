import { closeSync, openSync, readSync } from "node:fs";
import { type FileSlice, InvalidInputError, NotFoundError } from "@blora/spec";

/** Node reads at most 2 GiB at once. */
const LARGEST_READ = 2 ** 30;

/** Runs `use` with an open file. */
export function withFile<T>(path: string, use: (descriptor: number) => T): T {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new NotFoundError(`${path} does not exist`, { cause });
    throw new InvalidInputError(`Cannot open ${path}: ${message}`, { cause });
  }
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Fills `target` from `offset` bytes into a file; never reads the file as a whole. */
export function readAt(descriptor: number, target: Uint8Array, offset: number, path: string): void {
  for (let done = 0; done < target.length; ) {
    const wanted = Math.min(LARGEST_READ, target.length - done);
    const read = readSync(descriptor, target, done, wanted, offset + done);
    if (read === 0) throw new InvalidInputError(`${path} became shorter while it was read`);
    done += read;
  }
}

/** The bytes at a place in a file, and nothing else of it; those in memory as they are. */
export function readBytes(place: FileSlice | Uint8Array): Uint8Array {
  if (place instanceof Uint8Array) return place;
  const { path, offset, length } = place;
  const bytes = new Uint8Array(length);
  withFile(path, (descriptor) => readAt(descriptor, bytes, offset, path));
  return bytes;
}

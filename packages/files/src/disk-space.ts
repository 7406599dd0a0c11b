import { statfs } from "node:fs/promises";
import { InvalidInputError } from "@blora/spec";

/** Bytes this user may still write to the disk of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * @param purpose what the bytes are for, and what to do where they do not fit
 * @throws InvalidInputError with the code of a full disk where `needed` bytes do not fit, before anything is written
 */
export async function requireFreeSpace(
  folder: string,
  needed: number,
  purpose: { readonly what: string; readonly advice: string },
  available: (folder: string) => Promise<number> = freeBytes,
): Promise<void> {
  const free = await available(folder);
  if (free >= needed) return;
  const message = `${folder}: expected ${megabytes(needed)} free for ${purpose.what}, found ${megabytes(free)}. ${purpose.advice}`;
  // Of the machine, like a write that fails for it.
  throw Object.assign(new InvalidInputError(message), { code: "ENOSPC" });
}

export function megabytes(bytes: number): string {
  return bytes < 2 ** 20 / 10 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

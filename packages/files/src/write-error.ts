import { statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BloraError, InvalidInputError } from "@blora/spec";
import { megabytes } from "./disk-space.ts";

const FULL: Readonly<Record<string, string>> = { ENOSPC: "a full disk", EDQUOT: "a quota that is used up" };
const CLOSED: Readonly<Record<string, string>> = {
  EROFS: "a read-only disk",
  EACCES: "one without permission",
  EPERM: "one without permission",
  EFBIG: "a limit on the size of files",
};

/**
 * A failed write in one sentence with the file and, where known, the space it needs; any other error as it is. Keeps
 * the `code`.
 *
 * @param path what was to be written
 * @param needed its bytes
 */
export function writeError(error: unknown, path: string, needed?: number): unknown {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (BloraError.isInstance(error)) return error;
  const message = messageOf(code, path, needed);
  return message === undefined ? error : Object.assign(new InvalidInputError(message, { cause: error }), { code });
}

function messageOf(code: string, path: string, needed: number | undefined): string | undefined {
  if (code in CLOSED) return `${path}: expected a place that can be written, found ${CLOSED[code]} (${code}).`;
  if (!(code in FULL)) return undefined;
  const space = needed === undefined ? "more space" : `${megabytes(needed)}`;
  return `${path}: expected ${space} free for it, found ${FULL[code]} (${code}) with ${freeAt(path)} left. Nothing of it was kept; free some space and try again.`;
}

function freeAt(path: string): string {
  try {
    const { bavail, bsize } = statfsSync(dirname(resolve(path)));
    return megabytes(bavail * bsize);
  } catch {
    return "nothing";
  }
}

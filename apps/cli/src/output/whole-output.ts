import { fstatSync } from "node:fs";
import { writeWhole } from "@blora/files";
import { BloraError } from "@blora/spec";

const STANDARD_OUTPUT = 1;

/**
 * Makes a file that output is sent to hold all of it. Node writes to one without looking at how many bytes a disk that
 * is about to be full took: the rest would be lost in silence.
 */
export function requireWholeOutput(output: NodeJS.WriteStream = process.stdout): void {
  // As large integers, which Node keeps apart: after a plain look at a pipe, Node 20 takes the real paths of folders for
  // pipes too, and loads packages behind links, as pnpm lays them, a second time.
  if (!fstatSync(STANDARD_OUTPUT, { bigint: true }).isFile()) return;
  output.write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    try {
      writeWhole(STANDARD_OUTPUT, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    } catch (error) {
      throw outputError(error as NodeJS.ErrnoException);
    }
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") callback();
    return true;
  };
}

export function outputError(error: NodeJS.ErrnoException): BloraError {
  const found = error.code === "ENOSPC" ? "its disk is full (ENOSPC)" : error.message;
  return new BloraError(`standard output: expected room for all of it, found that ${found}.`, { cause: error });
}

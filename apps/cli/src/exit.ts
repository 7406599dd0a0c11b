import { BloraError } from "@blora/spec";
import { CommanderError } from "commander";

/** Exit statuses of the command line. */
export const EXIT = { success: 0, failure: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/**
 * Status for an error, and what to print of it: one line for mistakes of the
 * user's, everything for mistakes of ours. Commander has printed its own.
 */
export function describeFailure(error: unknown): { status: number; message: string | undefined } {
  if (error instanceof CommanderError) {
    return { status: error.exitCode === 0 ? EXIT.success : EXIT.usage, message: undefined };
  }
  if (BloraError.isInstance(error)) return { status: EXIT.failure, message: `blora: ${error.message}` };
  if (isSystemError(error)) return { status: EXIT.failure, message: `blora: ${error.message}` };
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: EXIT.failure, message: `blora: this is a bug. ${detail}` };
}

/** Errors of the file system and the network name what happened well enough. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code);
}

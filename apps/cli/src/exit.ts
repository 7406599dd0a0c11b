import { BloraError } from "@blora/spec";
import { CommanderError } from "commander";
import { type Culprit, culpritOf } from "./culprit.ts";
import { inFlags } from "./output/in-flags.ts";

/** Exit statuses of the command line. */
export const EXIT = { success: 0, failure: 1, usage: 2, hungUp: 129, interrupted: 130, terminated: 143 } as const;

/** A flag whose value cannot be what it is. */
export class UsageError extends BloraError {
  override readonly name: string = "UsageError";
}

/** Work that a signal ended before it could be saved. */
export class InterruptedError extends BloraError {
  override readonly name: string = "InterruptedError";

  readonly signal: NodeJS.Signals;

  constructor(message: string, signal: NodeJS.Signals) {
    super(message);
    this.signal = signal;
  }
}

/** Status of a command that a signal ended. */
export function statusOfSignal(signal: NodeJS.Signals | undefined): number {
  if (signal === "SIGHUP") return EXIT.hungUp;
  return signal === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
}

/**
 * Status for an error, and what to print of it: one line for mistakes of the
 * user's, everything for faults in code, with whose they are. Commander has
 * printed its own.
 */
export function describeFailure(error: unknown): { status: number; message: string | undefined } {
  if (error instanceof CommanderError) {
    return { status: error.exitCode === 0 ? EXIT.success : EXIT.usage, message: undefined };
  }
  if (BloraError.isInstance(error) || isSystemError(error)) {
    return { status: statusOfError(error), message: `blora: ${inFlags(error.message)}` };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: EXIT.failure, message: `blora: ${blame(culpritOf(detail))}${detail}` };
}

function blame(culprit: Culprit): string {
  if (culprit.kind === "plugin") return `this is a fault in ${culprit.name}, a plugin. `;
  return culprit.kind === "ours" ? "this is a bug. " : "";
}

function statusOfError(error: Error): number {
  if (error instanceof InterruptedError) return statusOfSignal(error.signal);
  // By name, because it may come from a child process.
  return error.name === "UsageError" ? EXIT.usage : EXIT.failure;
}

/** Errors of the file system and the network name what happened well enough. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code);
}

import { BloraError } from "@blora/spec";
import type { JobEvent, JobInput, JobName, JobResult } from "../jobs/jobs.ts";

/** The work of one child process. */
export type JobStart = {
  [Name in JobName]: { readonly kind: "start"; readonly job: Name; readonly input: JobInput<Name> };
}[JobName];

export type ToChild =
  | JobStart
  | { readonly kind: "stop" }
  /** To a process that waits for a job: load what jobs need at their end. */
  | { readonly kind: "prepare" };

export type FromChild<Name extends JobName = JobName> =
  | { readonly kind: "event"; readonly event: JobEvent<Name> }
  | { readonly kind: "stopsItself"; readonly doing: string }
  | { readonly kind: "result"; readonly result: JobResult<Name> }
  | { readonly kind: "error"; readonly error: StoredError };

/** An error as plain data: cloning would lose its class. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of errors of the file system and the network. */
  readonly code: string | undefined;
  /** Whether it is of this project's classes, which a user can cause. */
  readonly isUserError: boolean;
}

export function storeError(error: unknown): StoredError {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), stack: undefined, code: undefined, isUserError: false };
  }
  const { name, message, stack } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { name, message, stack, code, isUserError: BloraError.isInstance(error) };
}

/** The error again; `isInstance` of its own class holds where it is one of this project's. */
export function restoreError({ name, message, stack, code, isUserError }: StoredError): Error {
  const error = isUserError ? new BloraError(message) : new Error(message);
  return Object.defineProperties(error, {
    name: { value: name },
    stack: { value: stack },
    ...(code !== undefined && { code: { value: code } }),
  });
}

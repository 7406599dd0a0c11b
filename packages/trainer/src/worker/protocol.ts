import {
  BloraError,
  InvalidInputError,
  MissingDependencyError,
  NotFoundError,
  NumericalError,
  PluginError,
} from "@blora/spec";

/** `workerData` of a worker. */
export interface WorkerStart {
  readonly data: unknown;
  /** Entry 0 turns from 0 to 1 when the worker should stop. Shared memory, because a busy thread reads no messages. */
  readonly stopFlag: Int32Array;
}

/** An error as plain data: structured cloning would lose its class. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

export type WorkerMessage<Result, Event> =
  | { readonly kind: "event"; readonly event: Event }
  | { readonly kind: "result"; readonly result: Result }
  | { readonly kind: "error"; readonly error: StoredError };

const ERROR_CLASSES: Readonly<Record<string, typeof BloraError>> = {
  BloraError,
  InvalidInputError,
  MissingDependencyError,
  NotFoundError,
  NumericalError,
  PluginError,
};

export function storeError(error: unknown): StoredError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}

/** The error again, of its own class where it is one of this project's. */
export function restoreError({ name, message, stack }: StoredError): Error {
  const Class = Object.hasOwn(ERROR_CLASSES, name) ? ERROR_CLASSES[name]! : Error;
  const error = new Class(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

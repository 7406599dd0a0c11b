import { BloraError, InvalidInputError } from "@blora/spec";

/** Puts a name before what an error of ours says: of a parser whose caller knows the file. */
export function naming<Result>(name: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!BloraError.isInstance(cause)) throw cause;
    throw new InvalidInputError(`${name}: ${cause.message}`, { cause });
  }
}

import { InvalidInputError } from "./errors.ts";

const POINTER = "version https://git-lfs";

/** The most bytes that `requireNoPointer` looks at. */
export const POINTER_BYTES: number = POINTER.length;

/**
 * Refuses what a clone without git-lfs has in place of a large file: it would be called damaged, and is only not there.
 *
 * @param start of the file
 * @throws InvalidInputError where it is such a pointer
 */
export function requireNoPointer(start: Uint8Array, path: string): void {
  if (String.fromCharCode(...start.subarray(0, POINTER.length)) !== POINTER) return;
  throw new InvalidInputError(
    `${path} is a git-lfs pointer, not the file itself. Run "git lfs pull" in its repository, or download the file.`,
  );
}

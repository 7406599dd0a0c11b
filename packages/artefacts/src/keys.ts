import { InvalidInputError } from "@blora/spec";

/** A name that is a file on every system and the same letters in every URL; one with a dot in front is ours. */
const NAME = /^(?!\.)[A-Za-z0-9._-]+$/;
/** Of S3, in bytes, of which the prefix of a store takes some. */
const LONGEST = 900;

/** @throws InvalidInputError for a key that would be another file in another store, or none, or one outside it */
export function requireKey(key: string): void {
  if (key.length <= LONGEST && key.split("/").every((name) => NAME.test(name))) return;
  throw new InvalidInputError(
    `Expected a key of names joined by /, each of letters, digits, ., - and _ and none with a dot in front, found ${JSON.stringify(key)}.`,
  );
}

/** @throws InvalidInputError for a path, relative to a folder, that may lead out of it on some system */
export function requirePathInside(path: string): void {
  const isName = (name: string): boolean => name !== "" && name !== "." && name !== ".." && !/[\\:\0]/.test(name);
  if (path.split("/").every(isName)) return;
  throw new InvalidInputError(`Expected a path inside a folder, of names joined by /, found ${JSON.stringify(path)}.`);
}

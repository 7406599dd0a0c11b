import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { InvalidInputError } from "@blora/spec";

/** @throws InvalidInputError where a file that is to be written later is there, or could not be written where it is to go */
export function requireNewFile(path: string): void {
  if (existsSync(path)) {
    throw new InvalidInputError(`${path}: expected a file that is not there yet, found one. Nothing was written.`);
  }
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw new InvalidInputError(`${path}: expected a folder that can be written, found ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** @throws InvalidInputError where a folder that is to be written holds something */
export function requireEmptyFolder(path: string): void {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) throw new InvalidInputError(`${path}: expected a folder to write, found a file.`);
  if (readdirSync(path).length === 0) return;
  throw new InvalidInputError(`${path}: expected a folder to write that is absent or empty, found files in it.`);
}

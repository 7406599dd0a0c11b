import { existsSync, readdirSync } from "node:fs";
import { InvalidInputError } from "@blora/spec";

/** @throws InvalidInputError where a folder that is to be written holds something */
export function requireEmptyFolder(path: string): void {
  if (!existsSync(path) || readdirSync(path).length === 0) return;
  throw new InvalidInputError(`${path}: expected a folder to write that is absent or empty, found files in it.`);
}

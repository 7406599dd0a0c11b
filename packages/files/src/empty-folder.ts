import { existsSync, readdirSync, statSync } from "node:fs";
import { InvalidInputError } from "@blora/spec";

/** @throws InvalidInputError where a folder that is to be written holds something */
export function requireEmptyFolder(path: string): void {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) throw new InvalidInputError(`${path}: expected a folder to write, found a file.`);
  if (readdirSync(path).length === 0) return;
  throw new InvalidInputError(`${path}: expected a folder to write that is absent or empty, found files in it.`);
}

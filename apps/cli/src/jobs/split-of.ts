import { statSync } from "node:fs";
import { basename } from "node:path";

/** The splits a command is about: the one that is named, or the whole file where `--data` is one. Empty: the task's own. */
export function splitOf(named: string | undefined, data: string | undefined): readonly string[] {
  if (named !== undefined) return [named];
  const isFile = data !== undefined && statSync(data, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? [basename(data)] : [];
}

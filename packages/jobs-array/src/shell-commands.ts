import { shellWord } from "@blora/spec";
import { type ArrayOptions, commandLine } from "./array-options.ts";

/** A command for each job, a line each, for `xargs` or whatever else starts processes. */
export function shellCommands(options: ArrayOptions): string {
  const line = (index: number): string => `cd ${shellWord(options.folder)} && ${commandLine(options, String(index))}\n`;
  return options.jobs.map((_, index) => line(index)).join("");
}

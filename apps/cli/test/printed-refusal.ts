import { expect } from "vitest";
import { createProgram } from "../src/program.ts";

/** What commander prints of a command line it refuses. */
export async function printedRefusal(args: readonly string[]): Promise<string> {
  let printed = "";
  const program = createProgram(() => {});
  const output = {
    writeErr(text: string) {
      printed += text;
    },
  };
  for (const command of program.commands) command.configureOutput(output);
  await expect(program.parseAsync(["node", "blora", ...args])).rejects.toThrow();
  return printed;
}

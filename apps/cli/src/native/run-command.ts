import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How a command ended, with everything it printed. */
export interface CommandResult {
  readonly succeeded: boolean;
  readonly output: string;
}

export interface CommandOptions {
  /** Working folder */
  readonly folder: string;
  /** Variables added to the environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Told every line as it is printed. */
  readonly onLine?: (line: string) => void;
}

/** Runs a command without a shell. A command that does not exist fails like one that ends badly. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { folder, variables = {}, onLine = () => undefined } = options;
  return new Promise((resolve) => {
    const env = { ...process.env, ...variables };
    const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        onLine(line);
      });
    }
    child.on("error", (error) => resolve({ succeeded: false, output: error.message }));
    child.on("close", (code) => resolve({ succeeded: code === 0, output: lines.join("\n") }));
  });
}

/** The end of a long output, for error messages. */
export function lastLines(output: string, count = 8): string {
  return output.trimEnd().split("\n").slice(-count).join("\n");
}

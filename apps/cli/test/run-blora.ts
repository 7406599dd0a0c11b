import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../dist/blora.js", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws where there is nothing to run */
export function requireBuild(): void {
  if (!existsSync(program)) throw new Error("apps/cli is not built: npm run build");
}

/** Runs the built command line; `onOutput` sees its standard error as it comes. */
export function blora(
  args: readonly string[],
  onOutput: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Finished> {
  return new Promise<Finished>((resolve) => {
    const child = spawn(process.execPath, [program, ...args]);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (text: Buffer) => {
      stdout += text;
    });
    child.stderr.on("data", (text: Buffer) => {
      stderr += text;
      onOutput(String(text), (signal) => child.kill(signal));
    });
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The built command line. */
export const program: string = fileURLToPath(new URL("../dist/blora.js", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws where there is nothing to run */
export function requireBuild(): void {
  if (!existsSync(program)) throw new Error("apps/cli is not built: npm run build");
}

export type Kill = (signal: NodeJS.Signals) => void;

/** Runs the built command line; `onOutput` sees its standard error as it comes. Over when all its processes are. */
export function blora(
  args: readonly string[],
  onOutput: (text: string, kill: Kill) => void = () => {},
  onStart: (kill: Kill) => void = () => {},
): Promise<Finished> {
  return new Promise<Finished>((resolve) => {
    const child = spawn(process.execPath, [program, ...args]);
    const kill: Kill = (signal) => void child.kill(signal);
    onStart(kill);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (text: Buffer) => {
      stdout += text;
    });
    child.stderr.on("data", (text: Buffer) => {
      stderr += text;
      onOutput(String(text), kill);
    });
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

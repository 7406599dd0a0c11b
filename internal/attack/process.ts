import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../checks/command.ts";

export const program: string = join(root, "apps/cli/dist/blora.js");

export interface Ended {
  /** Null where it was killed. */
  readonly status: number | null;
  readonly killed: boolean;
  readonly milliseconds: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Milliseconds after which it is killed with all its processes. */
  readonly killAfter?: number | undefined;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Runs the built command line in a folder. */
export function run(
  folder: string,
  args: readonly string[],
  { killAfter, environment: more }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const started = performance.now();
    // A process group of its own: the command has children, which must not outlive it either.
    const env = { ...environment(), ...more };
    const child = spawn(process.execPath, [program, ...args], { cwd: folder, detached: true, env });
    let stdout = "";
    let stderr = "";
    let killed = false;
    child.stdout.on("data", (text: Buffer) => {
      stdout += text;
    });
    child.stderr.on("data", (text: Buffer) => {
      stderr += text;
    });
    const timer =
      killAfter === undefined
        ? undefined
        : setTimeout(() => {
            try {
              process.kill(-child.pid!, "SIGKILL");
              killed = true;
            } catch {
              // It ended at this very moment.
            }
          }, killAfter);
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, killed: killed && status === null, milliseconds: performance.now() - started, stdout, stderr });
    });
  });
}

export function environment(): NodeJS.ProcessEnv {
  // Results name the commit they were made at, which may change meanwhile: here there is none to be seen.
  const GIT_CEILING_DIRECTORIES = join(root, ".cache");
  return { ...process.env, NO_COLOR: "1", HF_HUB_OFFLINE: "1", GIT_CEILING_DIRECTORIES };
}

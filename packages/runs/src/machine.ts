import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "node:child_process";
import { availableParallelism, cpus, totalmem } from "node:os";

/** Where and when something was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Version of Node. */
  readonly node: string;
  /** Commit of the working directory; absent outside a git repository. */
  readonly commit?: string;
  /** Day, as YYYY-MM-DD. */
  readonly date: string;
}

/** This machine, now. */
export function machine(): Machine {
  const commit = currentCommit();
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    ...(commit !== undefined && { commit }),
    date: new Date().toISOString().slice(0, 10),
  };
}

function currentCommit(): string | undefined {
  try {
    const options: ExecFileSyncOptionsWithStringEncoding = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], options).trim();
  } catch {
    return undefined;
  }
}

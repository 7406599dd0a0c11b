import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Link } from "../servers/link.ts";
import { environment, program } from "./process.ts";

/** A machine that does runs, with a worker that is started again whenever it ends. */
export interface Host {
  readonly link: Link;
  /** All that its workers said. */
  readonly output: string;
  /** Workers that ended though nobody killed them. */
  readonly endings: readonly Ending[];
  /** How often a worker was killed. */
  readonly kills: number;
  start(): void;
  /** Kills the worker, with or without the process that trains; false where none was there. */
  kill(alone: boolean): boolean;
  /** Asks the worker to end, for good; false where it had to be killed. */
  stop(): Promise<boolean>;
}

export interface Ending {
  readonly status: number | null;
  /** The last that it said. */
  readonly sentence: string;
}

export interface HostOptions {
  /** For its log. */
  readonly folder: string;
  /** For its run directories. */
  readonly runs: string;
  readonly link: Link;
  /** Of `blora worker`. */
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** Until a worker that ended is started again, in milliseconds. */
  downtime(): number;
}

/** How long a worker may take to end that is asked to. */
const LAST_WAIT_MILLISECONDS = 30_000;

export async function createHost(options: HostOptions): Promise<Host> {
  const { folder, runs, link, args, downtime } = options;
  await mkdir(folder, { recursive: true });
  const log = createWriteStream(join(folder, "worker.log"), { flags: "a" });
  const endings: Ending[] = [];
  let output = "";
  let kills = 0;
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  const signal = (name: NodeJS.Signals, alone: boolean): void => {
    try {
      process.kill(alone ? child!.pid! : -child!.pid!, name);
    } catch {
      // It ended at this very moment.
    }
  };
  const leaveNone = (): void => {
    if (isRunning()) signal("SIGKILL", false);
  };
  process.on("exit", leaveNone);
  const host: Host = {
    link,
    get output() {
      return output;
    },
    endings,
    get kills() {
      return kills;
    },
    start() {
      const words = [...link.before, process.execPath, program, "worker", ...args, "--runs", runs];
      const [first, ...rest] = words as [string, ...string[]];
      let said = "";
      const started = spawn(first, rest, {
        cwd: folder,
        // A process group of its own: the worker has children.
        detached: true,
        env: { ...environment(), ...options.environment },
        stdio: ["ignore", "ignore", "pipe"],
      });
      child = started;
      started.stderr.on("data", (text: Buffer) => {
        output += text;
        said = `${said}${text}`.slice(-2000);
        log.write(text);
      });
      started.on("exit", () => {
        if (!isClosed) timer = setTimeout(host.start, downtime());
      });
      started.on("close", (status) => {
        if (status !== null) endings.push({ status, sentence: said.trim().split("\n").at(-1) ?? "" });
      });
    },
    kill(alone) {
      if (!isRunning()) return false;
      signal("SIGKILL", alone);
      kills += 1;
      return true;
    },
    async stop() {
      isClosed = true;
      clearTimeout(timer);
      process.off("exit", leaveNone);
      if (isRunning()) signal("SIGTERM", true);
      for (let waited = 0; isRunning() && waited < LAST_WAIT_MILLISECONDS; waited += 100) await sleep(100);
      const hasEnded = !isRunning();
      leaveNone();
      log.end();
      return hasEnded;
    },
  };
  return host;
}

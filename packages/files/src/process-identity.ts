import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** `state`, `num_threads` and `starttime` of /proc/<pid>/stat, counted from what follows the name in parentheses. */
const [STATE, THREADS, START_TIME] = [0, 17, 19];

/** Tells a process from every other, of this machine and of others, without a clock. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of the machine's start; undefined where the system does not say, as for all that follows. */
  readonly boot?: string | undefined;
  /** Containers of one machine count their processes apart. */
  readonly namespace?: string | undefined;
  /** Ticks from the machine's start to the process's: a process number comes again, in a container soon. */
  readonly ticks?: number | undefined;
}

export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    host: hostname(),
    boot: read("/proc/sys/kernel/random/boot_id")?.trim(),
    namespace: link("/proc/self/ns/pid"),
    ticks: statOf(process.pid)?.ticks,
  };
}

/** Whether a process is there: `unknown` where it is of another machine or container, or its number may have come again. */
export function lifeOf(process: ProcessIdentity, own: ProcessIdentity = ownIdentity()): "running" | "gone" | "unknown" {
  const { pid, boot, namespace, ticks } = process;
  if (!isSameMachine(process, own)) return "unknown";
  if (namespace !== undefined && own.namespace !== undefined && namespace !== own.namespace) return "unknown";
  if (!exists(pid)) return "gone";
  const found = statOf(pid);
  if (boot === undefined || ticks === undefined || found === undefined) return "unknown";
  if (ticks !== found.ticks) return "gone";
  // One that has ended keeps its number until its parent asks how: where a container's first process never asks, for ever.
  if (found.hasEnded) return found.threads > 1 ? "unknown" : "gone";
  return "running";
}

/** Names of machines come twice; the same start does not. */
export function isSameMachine(one: ProcessIdentity, other: ProcessIdentity): boolean {
  if (one.boot !== undefined && other.boot !== undefined) return one.boot === other.boot;
  return one.host === other.host;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

interface Stat {
  readonly hasEnded: boolean;
  /** Others than the first may take a moment longer to end. */
  readonly threads: number;
  readonly ticks: number;
}

function statOf(pid: number): Stat | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  const [threads, ticks] = [Number(fields[THREADS]), Number(fields[START_TIME])];
  return Number.isFinite(ticks) ? { hasEnded: /^[ZX]/i.test(fields[STATE]!), threads, ticks } : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

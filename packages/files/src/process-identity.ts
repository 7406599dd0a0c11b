import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/** Ticks of Linux's clock, which /proc counts in. */
const TICKS_PER_SECOND = 100;
/** `starttime` of /proc/<pid>/stat, counted from what follows the name in parentheses. */
const START_TIME = 19;

/**
 * Tells a process from a later one of the same number, in a container or after a restart: the machine's boot and the
 * tick it began at. Undefined where the system does not say.
 */
export function processIdentity(pid: number): string | undefined {
  const ticks = startTicks(pid);
  const boot = read("/proc/sys/kernel/random/boot_id")?.trim();
  return ticks === undefined || boot === undefined ? undefined : `${boot}:${ticks}`;
}

/** When a process began, or the machine where only that is known, in milliseconds since 1970. */
export function processBegan(pid: number): number {
  const boot = /^btime (\d+)$/m.exec(read("/proc/stat") ?? "")?.[1];
  const ticks = startTicks(pid);
  if (boot !== undefined && ticks !== undefined) return (Number(boot) + ticks / TICKS_PER_SECOND) * 1000;
  return Date.now() - (pid === process.pid ? process.uptime() : uptime()) * 1000;
}

function startTicks(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const ticks = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TIME]);
  return Number.isFinite(ticks) ? ticks : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

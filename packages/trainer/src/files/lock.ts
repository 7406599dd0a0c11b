import { link, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";

/** Holds a run directory for one process. */
export interface RunLock {
  /** Shows other machines that the run is alive. Cheap: touches the file at most every half minute. */
  beat(): Promise<void>;
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly started: string;
}

export const LOCK_FILE = "run.lock";
const BEAT_MILLISECONDS = 30_000;
/** A lock of another machine is stale when it has not been touched for this long. */
const STALE_MILLISECONDS = 15 * 60_000;

/**
 * Takes the lock of a run directory. A lock is stale, and taken over, when its
 * process on this machine is gone, or when another machine has not touched it
 * for 15 minutes.
 *
 * @throws InvalidInputError naming process, machine and file where another run holds it
 */
export async function acquireLock(runFolder: string): Promise<RunLock> {
  const path = join(runFolder, LOCK_FILE);
  const owner: Owner = { pid: process.pid, host: hostname(), started: new Date().toISOString() };
  if (!(await create(path, owner))) {
    await removeStale(path);
    if (!(await create(path, owner))) throw held(path, await readFile(path, "utf8").catch(() => ""));
  }
  let beaten = Date.now();
  return {
    async beat() {
      if (Date.now() - beaten < BEAT_MILLISECONDS) return;
      beaten = Date.now();
      await utimes(path, new Date(), new Date()).catch(() => undefined);
    },
    release: () => rm(path, { force: true }),
  };
}

async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    const handle = await open(path, "wx");
    await handle.writeFile(`${JSON.stringify(owner)}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function removeStale(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return;
  if (!(await isStale(path, text))) throw held(path, text);
  // Two processes may find the same stale lock: what was moved away must be what was judged.
  const aside = `${path}.stale-${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  const moved = await readFile(aside, "utf8").catch(() => text);
  if (moved !== text) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isStale(path: string, text: string): Promise<boolean> {
  const owner = parseOwner(text);
  if (owner?.host === hostname()) return !isRunning(owner.pid);
  const { mtimeMs } = await stat(path);
  return Date.now() - mtimeMs > STALE_MILLISECONDS;
}

function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function held(path: string, text: string): InvalidInputError {
  const owner = parseOwner(text);
  const who =
    owner === undefined ? "an unknown process" : `process ${owner.pid} on ${owner.host}, started ${owner.started}`;
  return new InvalidInputError(
    `Expected no other run in this folder, found one by ${who}. Choose another folder, or delete ${path} if that process is gone.`,
  );
}

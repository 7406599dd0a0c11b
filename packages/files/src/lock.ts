import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { BloraError, InvalidInputError } from "@blora/spec";
import { processBegan, processIdentity } from "./process-identity.ts";

/** A folder that another process writes. */
export class FolderInUseError extends BloraError {
  override readonly name: string = "FolderInUseError";
}

/** Holds a folder for one process, which shows that it is alive as long as its event loop turns. */
export interface FolderLock {
  /** @throws InvalidInputError where another process has taken the lock over: nothing more may be written */
  requireHeld(): void;
  /** Gives the folder free, where the lock is still this process's. */
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly started: string;
  /** Tells it from a later process of its number, where the system does. */
  readonly process?: string | undefined;
  /** Of this lock alone: a process number comes again, in a container soon. */
  readonly token: string;
}

export const LOCK_FILE = "run.lock";
const BEAT_MILLISECONDS = 30_000;
/** Between the beginning of a process and its lock, by clocks that are rounded. */
const CLOCK_MILLISECONDS = 2000;
/** What file systems without hard links answer. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);
/** A lock that has not been touched for this long is stale: thirty beats, and longer than any step. */
const STALE_MILLISECONDS = 15 * 60_000;

/**
 * Takes the lock of a folder. A lock is stale, and taken over, when its
 * process on this machine is gone, also where another got its number since, as
 * in a container that was started again, or when its owner has not touched it
 * for 15 minutes.
 *
 * @throws FolderInUseError naming process, machine and file where another process holds it
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE);
  const token = randomUUID();
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    process: processIdentity(process.pid),
    token,
  };
  if (!(await create(path, owner))) {
    await removeStale(path);
    if (!(await create(path, owner))) throw held(path, await readIfAny(path));
  }
  let isHeld = true;
  const beat = setInterval(async () => {
    isHeld = tokenOf(await readIfAny(path)) === token;
    if (isHeld) await utimes(path, new Date(), new Date()).catch(() => undefined);
    else clearInterval(beat);
  }, BEAT_MILLISECONDS).unref();
  return {
    requireHeld() {
      if (isHeld) return;
      throw new InvalidInputError(
        `${path}: expected the lock of this process, found it taken over after 15 minutes of silence. Nothing more was written.`,
      );
    },
    async release() {
      clearInterval(beat);
      if (tokenOf(await readIfAny(path)) === token) await rm(path, { force: true });
    },
  };
}

/** Whether another process holds a folder now. */
export async function isLocked(folder: string): Promise<boolean> {
  const path = join(folder, LOCK_FILE);
  const text = await readIfAny(path);
  return text !== undefined && !(await isStale(path, text));
}

/** Whether the lock is this owner's now. It appears whole: one without an owner, on a full disk, would keep everybody out. */
async function create(path: string, owner: Owner): Promise<boolean> {
  const text = `${JSON.stringify(owner)}\n`;
  const aside = join(dirname(path), `.partial-${LOCK_FILE}-${owner.token}`);
  try {
    await writeFile(aside, text);
    await link(aside, path).catch((error) => {
      if (!WITHOUT_LINKS.has(error.code)) throw error;
      return writeFile(path, text, { flag: "wx" });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function removeStale(path: string): Promise<void> {
  const text = await readIfAny(path);
  if (text === undefined) return;
  if (!(await isStale(path, text))) throw held(path, text);
  // Two processes may find the same stale lock: what was moved away must be what was judged.
  const aside = `${path}.stale-${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  const moved = (await readIfAny(aside)) ?? text;
  if (moved !== text) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isStale(path: string, text: string): Promise<boolean> {
  const owner = parseOwner(text);
  if (owner?.host === hostname() && !isRunning(owner)) return true;
  const { mtimeMs } = await stat(path);
  return Date.now() - mtimeMs > STALE_MILLISECONDS;
}

function readIfAny(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

function tokenOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseOwner(text)?.token;
}

function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}

function isRunning(owner: Owner): boolean {
  const { pid, started } = owner;
  if (!exists(pid)) return false;
  const now = processIdentity(pid);
  if (owner.process !== undefined && now !== undefined) return owner.process === now;
  return !(processBegan(pid) > Date.parse(started) + CLOCK_MILLISECONDS);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function held(path: string, text = ""): FolderInUseError {
  const owner = parseOwner(text);
  const who =
    owner === undefined ? "an unknown process" : `process ${owner.pid} on ${owner.host}, started ${owner.started}`;
  return new FolderInUseError(
    `Expected no other run in this folder, found one by ${who}. Choose another folder, or delete ${path} if that process is gone.`,
  );
}

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BloraError, InvalidInputError } from "@blora/spec";
import { WITHOUT_LINKS } from "./durable.ts";
import { startBeat } from "./lock-beat.ts";
import { createLockWatch, LOCK_TIMES, type LockOwner, type LockTimes, parseOwner } from "./lock-watch.ts";
import { ownIdentity } from "./process-identity.ts";
import { writeError } from "./write-error.ts";

/** A folder that another process writes. */
export class FolderInUseError extends BloraError {
  override readonly name: string = "FolderInUseError";
}

/** Holds a folder for one process, which shows that it is alive as long as it is. */
export interface FolderLock {
  /** @throws InvalidInputError where another process has taken the lock over: nothing more may be written */
  requireHeld(): void;
  /** Gives the folder free, where the lock is still this process's. */
  release(): Promise<void>;
}

export interface LockOptions {
  /** Told once, where it takes a while to see whether the owner of a lock still lives. */
  readonly onWatch?: (message: string) => void;
  readonly times?: LockTimes;
}

export const LOCK_FILE = "run.lock";

/**
 * Takes the lock of a folder. It is taken over where its process of this machine is gone, also where another got its
 * number since; where it is of another container or machine, after ten seconds or a minute in which it was not touched.
 *
 * @throws FolderInUseError naming process, machine and file where another process holds it
 */
export async function lockFolder(folder: string, options: LockOptions = {}): Promise<FolderLock> {
  const { onWatch, times = LOCK_TIMES } = options;
  const path = join(folder, LOCK_FILE);
  const token = randomUUID();
  const owner: LockOwner = { ...ownIdentity(), started: new Date().toISOString(), token };
  const watch = createLockWatch(times);
  let isTold = false;
  while (!(await create(path, owner))) {
    const { state, text } = await watch.judge(path);
    if (state === "held") throw held(path, text);
    if (state === "free") {
      if (text !== undefined) await remove(path, text);
      continue;
    }
    if (!isTold) onWatch?.(`${path} is of ${ownerIn(text)}: waiting to see whether that still lives.`);
    isTold = true;
    await sleep(times.beat / 2);
  }
  const beat = startBeat(path, token, times.beat);
  return {
    requireHeld() {
      if (isHeld(path, token)) return;
      throw new InvalidInputError(
        `${path}: expected the lock of this process, found it removed or taken over. Nothing more was written.`,
      );
    },
    async release() {
      await beat.stop();
      if (tokenOf(await readIfAny(path)) === token) await rm(path, { force: true });
    },
  };
}

/** Whether the lock is this owner's now. It appears whole: one without an owner, on a full disk, would keep everybody out. */
async function create(path: string, owner: LockOwner): Promise<boolean> {
  const text = `${JSON.stringify(owner)}\n`;
  const aside = asideOf(path, owner.token);
  let isWritten = false;
  try {
    await writeFile(aside, text);
    isWritten = true;
    await link(aside, path).catch((error) => {
      if (!WITHOUT_LINKS.has(error.code)) throw error;
      return writeFile(path, text, { flag: "wx" });
    });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The holder of a folder may tidy it up under somebody who is trying.
    if (code === "EEXIST" || (code === "ENOENT" && isWritten)) return false;
    throw writeError(error, path, text.length);
  } finally {
    await rm(aside, { force: true });
  }
}

/** Removes a lock that was judged. Two may judge the same one: what was moved away must be what was judged. */
async function remove(path: string, text: string): Promise<void> {
  const aside = asideOf(path, randomUUID());
  await rename(path, aside).catch(() => undefined);
  const moved = (await readIfAny(aside)) ?? text;
  if (moved !== text) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function asideOf(path: string, token: string): string {
  return join(dirname(path), `.partial-${LOCK_FILE}-${token}`);
}

/** A file system that does not answer for a moment loses nobody a lock. */
function isHeld(path: string, token: string): boolean {
  try {
    return tokenOf(readFileSync(path, "utf8")) === token;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

function readIfAny(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

function tokenOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseOwner(text)?.token;
}

function ownerIn(text = ""): string {
  const owner = parseOwner(text);
  return owner === undefined ? "an unknown process" : `process ${owner.pid} on ${owner.host}, started ${owner.started}`;
}

/** `lockFolder`; undefined where another process holds it, or has ended its work there and removed the folder. */
export async function lockFolderIfFree(folder: string): Promise<FolderLock | undefined> {
  try {
    return await lockFolder(folder);
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isGone || error instanceof FolderInUseError) return undefined;
    throw error;
  }
}

function held(path: string, text: string | undefined): FolderInUseError {
  return new FolderInUseError(
    `Expected no other run in this folder, found one by ${ownerIn(text)}. Choose another folder, or delete ${path} if that process is gone.`,
  );
}

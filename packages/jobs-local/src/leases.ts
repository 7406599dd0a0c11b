import { readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import {
  createLockWatch,
  type FolderLock,
  LOCK_FILE,
  lockFolderIfFree,
  makeFolder,
  parseOwner,
  writeFileDurably,
} from "@blora/files";

/** A job that is this process's. */
export interface HeldLease {
  readonly attempt: number;
  /** Whether nobody has taken it over. */
  isHeld(): boolean;
  /** Gives the job back; the next lease has the next number. */
  release(): Promise<void>;
  /** The job has ended: nothing of it stays. */
  end(): Promise<void>;
}

/** A job that is another process's. */
export interface OtherLease {
  readonly attempt: number;
  /** Host and process. */
  readonly worker: string;
}

/** Leases of jobs as locks in a folder each, which processes of this machine and of others share. */
export interface Leases {
  /** Takes a job unless another process has it. */
  take(id: string): Promise<HeldLease | OtherLease>;
}

const ATTEMPT_FILE = "attempt";

export function createLeases(folder: string): Leases {
  const watch = createLockWatch();
  return {
    async take(id) {
      const own = join(folder, id);
      await makeFolder(own);
      const { state, text } = await watch.judge(join(own, LOCK_FILE));
      const attempt = await attemptIn(own);
      if (state !== "free") return { attempt, worker: nameOf(text) };
      const lock = await lockFolderIfFree(own);
      if (lock === undefined) return { attempt: attempt + 1, worker: nameOf(undefined) };
      // Read under the lock: another may have had it since.
      const next = (await attemptIn(own)) + 1;
      await writeFileDurably(join(own, ATTEMPT_FILE), `${next}\n`);
      return heldLease(own, lock, next);
    },
  };
}

function heldLease(folder: string, lock: FolderLock, attempt: number): HeldLease {
  return {
    attempt,
    isHeld() {
      try {
        lock.requireHeld();
        return true;
      } catch {
        return false;
      }
    },
    release: lock.release,
    async end() {
      await rm(join(folder, ATTEMPT_FILE), { force: true });
      await lock.release();
      // Stays where somebody else has taken it meanwhile.
      await rmdir(folder).catch(() => undefined);
    },
  };
}

async function attemptIn(folder: string): Promise<number> {
  return Number(await readFile(join(folder, ATTEMPT_FILE), "utf8").catch(() => "0"));
}

function nameOf(text: string | undefined): string {
  const owner = text === undefined ? undefined : parseOwner(text);
  return owner === undefined ? "another process" : `${owner.host}:${owner.pid}`;
}

import { open } from "node:fs/promises";
import { isSameMachine, lifeOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What a lock holds. */
export interface LockOwner extends ProcessIdentity {
  /** To be read by people: no decision asks a wall clock. */
  readonly started: string;
  /** Of this lock alone. */
  readonly token: string;
}

/** Milliseconds. */
export interface LockTimes {
  /** Between two signs of life of an owner. */
  readonly beat: number;
  /** Without a sign of life, an owner in another container of this machine is gone after this. */
  readonly near: number;
  /** And one on another machine, whose files may be shown here a minute late. */
  readonly far: number;
}

export const LOCK_TIMES: LockTimes = { beat: 2000, near: 10_000, far: 60_000 };

export interface Judgement {
  /** `silent`: nobody knows yet; ask again. */
  readonly state: "free" | "held" | "silent";
  /** What the lock says; undefined where there is none. */
  readonly text: string | undefined;
}

/** Judges locks by what it sees of them from call to call. */
export interface LockWatch {
  judge(path: string): Promise<Judgement>;
}

interface Sight {
  readonly text: string;
  readonly touched: number;
  /** By a clock that never jumps. */
  readonly since: number;
}

/**
 * Tells whether a lock's owner lives: by its process where that is of this machine and container, else by whether it
 * touches its file while this looks on. Wall clocks may jump, and differ between machines.
 */
export function createLockWatch(times: LockTimes = LOCK_TIMES, now: () => number = () => performance.now()): LockWatch {
  const seen = new Map<string, Sight>();
  const own = ownIdentity();
  return {
    async judge(path) {
      const found = await look(path);
      if (found === undefined) return { state: "free", text: undefined };
      const { text, touched } = found;
      const owner = parseOwner(text);
      const life = owner === undefined ? "unknown" : lifeOf(owner, own);
      if (life !== "unknown") return { state: life === "running" ? "held" : "free", text };
      const earlier = seen.get(path);
      const isSame = earlier?.text === text && earlier.touched === touched;
      if (!isSame) seen.set(path, { text, touched, since: now() });
      if (earlier?.text === text && !isSame) return { state: "held", text };
      const patience = owner !== undefined && isSameMachine(owner, own) ? times.near : times.far;
      return { state: isSame && now() - earlier.since >= patience ? "free" : "silent", text };
    },
  };
}

export function parseOwner(text: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<LockOwner> | null;
    return Number.isInteger(owner?.pid) && typeof owner?.host === "string" ? (owner as LockOwner) : undefined;
  } catch {
    return undefined;
  }
}

/** Opens the file, because file systems of networks answer for one that is not open from memory. */
async function look(path: string): Promise<{ readonly text: string; readonly touched: number } | undefined> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  try {
    return file && { text: await file.readFile("utf8"), touched: (await file.stat()).mtimeMs };
  } finally {
    await file?.close();
  }
}

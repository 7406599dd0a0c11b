import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FolderInUseError, LOCK_FILE, lockFolder, lockFolderIfFree } from "../src/lock.ts";
import { createLockWatch } from "../src/lock-watch.ts";
import { lifeOf, ownIdentity } from "../src/process-identity.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** No process has this id: Linux's largest is 2^22. */
const DEAD_PROCESS = 2 ** 22 + 1;
const STARTED = "2020-01-01T00:00:00.000Z";
const OWN = ownIdentity();
const { host } = OWN;
const ELSEWHERE = { host: "elsewhere.invalid", boot: "another" };
const QUICK = { beat: 20, near: 200, far: 400 };
const HOUR = 3_600_000;
/** What only Linux tells of a process. */
const KNOWS_PROCESSES = OWN.boot !== undefined;

function leaveLock(folder: string, change: object = {}): string {
  const path = join(folder, LOCK_FILE);
  writeFileSync(path, JSON.stringify({ ...OWN, started: STARTED, token: "theirs", ...change }));
  return path;
}

/** Sets the time of a file, as a clock that is `milliseconds` ahead would. */
function touch(path: string, milliseconds = 0): void {
  const time = new Date(Date.now() + milliseconds);
  utimesSync(path, time, time);
}

describe("a folder that another process holds", () => {
  it("is refused, and the process is named", async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder);
    if (!KNOWS_PROCESSES) return;
    await expect(lockFolder(folder)).rejects.toThrow(
      `found one by process ${process.pid} on ${host}, started ${STARTED}. Choose another folder, or delete ${path}`,
    );
  });

  it("is refused to the same process too, until the first lock is released", async () => {
    const folder = temporaryFolder();
    const first = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid} on ${host}`);
    await first.release();
    await (await lockFolder(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is taken over when the process is gone", async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, { pid: DEAD_PROCESS });
    const lock = await lockFolder(folder);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid, host });
    await lock.release();
  });

  it.runIf(KNOWS_PROCESSES)("is taken over where another process has the number since", async () => {
    const folder = temporaryFolder();
    leaveLock(folder, { ticks: OWN.ticks! - 1 });
    await (await lockFolder(folder)).release();
    leaveLock(folder, { pid: 1, ticks: -1 });
    await (await lockFolder(folder)).release();
  });

  it.runIf(KNOWS_PROCESSES)("is taken over where the process has ended and nobody asked how", async () => {
    const folder = temporaryFolder();
    // The shell's child ends under a process that never waits for children.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"]);
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(line);
      const statOf = (): string[] => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      while (statOf()[0] !== "Z") await sleep(5);
      expect(process.kill(pid, 0)).toBe(true);
      leaveLock(folder, { pid, ticks: Number(statOf()[19]) });
      await (await lockFolder(folder)).release();
    } finally {
      parent.kill("SIGKILL");
    }
  });

  it("goes to one of many that take it at the same moment, where it is free and where its owner is gone", async () => {
    for (const isLeft of [false, true]) {
      for (let round = 0; round < 20; round++) {
        const folder = temporaryFolder();
        if (isLeft) leaveLock(folder, { pid: DEAD_PROCESS });
        const endings = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
        const won = endings.flatMap((ending) => (ending.status === "fulfilled" ? [ending.value] : []));
        expect(won).toHaveLength(1);
        won[0]!.requireHeld();
        for (const ending of endings)
          if (ending.status === "rejected") expect(ending.reason).toBeInstanceOf(FolderInUseError);
        await won[0]!.release();
        expect(readdirSync(folder)).toEqual([]);
      }
    }
  });
});

describe("whether a process lives", () => {
  it.runIf(KNOWS_PROCESSES)("is known of this machine and container, whatever its name", () => {
    expect(lifeOf(OWN)).toBe("running");
    expect(lifeOf({ ...OWN, host: "renamed.invalid" })).toBe("running");
    expect(lifeOf({ ...OWN, ticks: OWN.ticks! + 1 })).toBe("gone");
    expect(lifeOf({ ...OWN, pid: DEAD_PROCESS })).toBe("gone");
  });

  it.each([
    ["another machine of the same name", { boot: "another" }],
    ["another machine", ELSEWHERE],
    ["another container", { namespace: "pid:[1]" }],
    ["a system that does not say", { boot: undefined, ticks: undefined }],
  ])("is unknown of %s", (_, change) => {
    const own = { ...OWN, boot: "this", namespace: "pid:[2]" };
    expect(lifeOf({ ...own, ...change }, own)).toBe("unknown");
  });
});

describe("a lock of another machine or container", () => {
  it.each([
    ["another machine", ELSEWHERE, 60_000] as const,
    ["another machine of the same name", { boot: "another" }, 60_000] as const,
    ...(KNOWS_PROCESSES ? [["another container", { namespace: "pid:[1]" }, 10_000] as const] : []),
    ["a file that nobody can read", undefined, 60_000] as const,
  ])("of %s is free after an interval without a touch, by a clock that never jumps", async (_, owner, patience) => {
    const folder = temporaryFolder();
    const path = owner === undefined ? join(folder, LOCK_FILE) : leaveLock(folder, owner);
    if (owner === undefined) writeFileSync(path, "");
    let now = 5;
    const watch = createLockWatch(undefined, () => now);
    const state = async (): Promise<string> => (await watch.judge(path)).state;
    expect(await state()).toBe("silent");
    now += patience - 1;
    expect(await state()).toBe("silent");
    now += 1;
    expect(await state()).toBe("free");
  });

  it.each([
    ["that is right", 0],
    ["an hour behind", -HOUR],
    ["an hour ahead", HOUR],
  ])("is held where it is touched, by a clock %s", async (_, jump) => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, ELSEWHERE);
    touch(path, jump);
    let now = 0;
    const watch = createLockWatch(undefined, () => now);
    await watch.judge(path);
    now += 59_000;
    touch(path, jump + 2000);
    expect((await watch.judge(path)).state).toBe("held");
    now += 59_000;
    expect((await watch.judge(path)).state).toBe("silent");
    touch(path, jump - HOUR);
    expect((await watch.judge(path)).state).toBe("held");
  });

  it("is waited for, said once, and taken over or refused by what is seen", async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, ELSEWHERE);
    // A file from the future, as a clock that was set back since leaves it.
    touch(path, HOUR);
    const told: string[] = [];
    const options = { times: QUICK, onWatch: (message: string) => told.push(message) };
    const lock = await lockFolder(folder, options);
    const who = `process ${process.pid} on elsewhere.invalid, started ${STARTED}`;
    expect(told).toEqual([`${path} is of ${who}: waiting to see whether that still lives.`]);
    lock.requireHeld();
    await lock.release();

    leaveLock(folder, ELSEWHERE);
    const refused = lockFolder(folder, { times: { ...QUICK, far: HOUR } });
    const touching = setInterval(() => touch(path, -HOUR), 5);
    await expect(refused).rejects.toThrow(`found one by ${who}`);
    clearInterval(touching);
  });
});

describe("a lock that is held", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.runIf(KNOWS_PROCESSES).each([
    ["15 minutes ahead", HOUR / 4],
    ["an hour behind", -HOUR],
    ["a day ahead", 24 * HOUR],
  ])("stays held where the clock jumps %s, and its file is as old as that", async (_, jump) => {
    const folder = temporaryFolder();
    const lock = await lockFolder(folder, { times: { ...QUICK, beat: HOUR } });
    touch(join(folder, LOCK_FILE), -jump);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + jump });
    await expect(lockFolder(folder, { times: QUICK })).rejects.toThrow(FolderInUseError);
    lock.requireHeld();
    vi.useRealTimers();
    await lock.release();
  });

  it("is touched again and again, also while this thread computes", async () => {
    const folder = temporaryFolder();
    const lock = await lockFolder(folder, { times: QUICK });
    const path = join(folder, LOCK_FILE);
    await sleep(200);
    touch(path, -HOUR);
    const old = statSync(path).mtimeMs;
    // Nothing else runs in this thread meanwhile.
    for (let waited = 0; waited < 200 && statSync(path).mtimeMs === old; waited++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
    expect(statSync(path).mtimeMs).toBeGreaterThan(old);
    await lock.release();
    expect(existsSync(path)).toBe(false);
  });

  it("is lost at once to a process that took it over: nothing more may be written, and the other's lock stays", async () => {
    const folder = temporaryFolder();
    const lock = await lockFolder(folder);
    lock.requireHeld();
    const path = leaveLock(folder, ELSEWHERE);
    expect(() => lock.requireHeld()).toThrow(
      `${path}: expected the lock of this process, found it removed or taken over`,
    );
    await lock.release();
    expect(JSON.parse(readFileSync(path, "utf8")).token).toBe("theirs");
    rmSync(path);
    expect(() => lock.requireHeld()).toThrow("found it removed or taken over");
  });
});

it("is not waited for where another process has it, or its folder is gone", async () => {
  const folder = temporaryFolder();
  const lock = await lockFolderIfFree(folder);
  expect(lock).toBeDefined();
  expect(await lockFolderIfFree(folder)).toBeUndefined();
  await lock?.release();
  expect(await lockFolderIfFree(join(folder, "gone"))).toBeUndefined();
});

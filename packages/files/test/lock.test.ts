import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FolderInUseError, isLocked, LOCK_FILE, lockFolder } from "../src/lock.ts";
import { processIdentity } from "../src/process-identity.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** No process has this id: Linux's largest is 2^22. */
const DEAD_PROCESS = 2 ** 22 + 1;

/** After every process of this machine began. */
const NOW = "2100-01-01T00:00:00.000Z";

function leaveLock(folder: string, pid: number, host: string, change: object = {}): string {
  const path = join(folder, LOCK_FILE);
  writeFileSync(path, JSON.stringify({ pid, host, started: NOW, token: "theirs", ...change }));
  return path;
}

function makeSilent(path: string, minutes: number): void {
  const then = new Date(Date.now() - minutes * 60_000);
  utimesSync(path, then, then);
}

describe("a folder that another process holds", () => {
  it("is refused, and the process is named", async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, process.ppid, hostname());
    await expect(lockFolder(folder)).rejects.toThrow(
      `found one by process ${process.ppid} on ${hostname()}, started ${NOW}. Choose another folder, or delete ${path}`,
    );
  });

  it("is refused to the same process too, until the first lock is released", async () => {
    const folder = temporaryFolder();
    const first = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
    await first.release();
    await (await lockFolder(folder)).release();
    expect(existsSync(join(folder, LOCK_FILE))).toBe(false);
  });

  it("is taken over when the process is gone", async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, DEAD_PROCESS, hostname());
    const lock = await lockFolder(folder);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
    await lock.release();
  });

  it.each([
    ["another machine", "elsewhere.invalid"],
    ["a process number that came again", hostname()],
  ])("is taken over from %s after 15 minutes of silence", async (_, host) => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, process.ppid, host);
    makeSilent(path, 14);
    await expect(lockFolder(folder)).rejects.toThrow(`on ${host}`);
    makeSilent(path, 16);
    const lock = await lockFolder(folder);
    expect(JSON.parse(readFileSync(path, "utf8")).pid).toBe(process.pid);
    await lock.release();
  });
});

describe("the lock of a process whose number came again", () => {
  const BEFORE_BOOT = "2020-01-01T00:00:00.000Z";

  it.each([
    ["process 1 of a container", 1],
    ["this process", process.pid],
    ["another process", process.ppid],
  ])("is taken over where %s began after it", async (_, pid) => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, pid, hostname(), { started: BEFORE_BOOT });
    expect(await isLocked(folder)).toBe(false);
    const lock = await lockFolder(folder);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it("is taken over where the process began at another time than its own, whatever clocks say", async () => {
    const folder = temporaryFolder();
    const own = processIdentity(process.ppid) ?? "a process";
    leaveLock(folder, process.ppid, hostname(), { started: BEFORE_BOOT, process: own });
    if (process.platform === "linux") await expect(lockFolder(folder)).rejects.toThrow(FolderInUseError);
    leaveLock(folder, process.ppid, hostname(), {
      started: process.platform === "linux" ? NOW : BEFORE_BOOT,
      process: `${own}1`,
    });
    await (await lockFolder(folder)).release();
  });

  it("is left alone on another machine", async () => {
    const folder = temporaryFolder();
    leaveLock(folder, 1, "elsewhere.invalid", { started: BEFORE_BOOT });
    expect(await isLocked(folder)).toBe(true);
    await expect(lockFolder(folder)).rejects.toThrow("by process 1 on elsewhere.invalid");
  });
});

describe("a lock that is held", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const beat = async (): Promise<void> => {
    await vi.advanceTimersByTimeAsync(30_000);
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 50));
  };

  it("is touched every half minute", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const folder = temporaryFolder();
    const lock = await lockFolder(folder);
    const path = join(folder, LOCK_FILE);
    makeSilent(path, 10);
    await beat();
    expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(60_000);
    lock.requireHeld();
    await lock.release();
  });

  it("is lost to a process that took it over: nothing more may be written, and the other's lock stays", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const folder = temporaryFolder();
    const lock = await lockFolder(folder);
    const path = leaveLock(folder, process.ppid, "elsewhere.invalid");
    await beat();
    expect(() => lock.requireHeld()).toThrow(`${path}: expected the lock of this process, found it taken over`);
    await lock.release();
    expect(JSON.parse(readFileSync(path, "utf8")).token).toBe("theirs");
  });
});

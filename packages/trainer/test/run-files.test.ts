import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acquireLock, LOCK_FILE } from "../src/files/lock.ts";
import { openMetricsLog } from "../src/files/metrics-log.ts";
import { configDifferences } from "../src/files/run-config.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** No process has this id: Linux's largest is 2^22. */
const DEAD_PROCESS = 2 ** 22 + 1;

function leaveLock(folder: string, pid: number, host: string): string {
  const path = join(folder, LOCK_FILE);
  writeFileSync(path, JSON.stringify({ pid, host, started: "2026-01-01T00:00:00.000Z" }));
  return path;
}

describe("acquireLock (row 44)", () => {
  it("refuses a folder another live process works in, and names it", async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, process.ppid, hostname());
    await expect(acquireLock(folder)).rejects.toThrow(
      `found one by process ${process.ppid} on ${hostname()}, started 2026-01-01T00:00:00.000Z. Choose another folder, or delete ${path}`,
    );
  });

  it("refuses a second run of the same process, until the first is done", async () => {
    const folder = temporaryFolder();
    const first = await acquireLock(folder);
    await expect(acquireLock(folder)).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
    await first.release();
    await (await acquireLock(folder)).release();
    expect(existsSync(join(folder, LOCK_FILE))).toBe(false);
  });

  it("takes over the lock of a process that is gone", async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, DEAD_PROCESS, hostname());
    await acquireLock(folder);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
  });

  it("takes over another machine's lock once it has been silent for 15 minutes", async () => {
    const folder = temporaryFolder();
    const path = leaveLock(folder, process.pid, "elsewhere.invalid");
    await expect(acquireLock(folder)).rejects.toThrow("on elsewhere.invalid");
    const old = new Date(Date.now() - 16 * 60_000);
    utimesSync(path, old, old);
    await acquireLock(folder);
    expect(JSON.parse(readFileSync(path, "utf8")).host).toBe(hostname());
  });
});

describe("openMetricsLog", () => {
  it("drops later steps and a torn last line, and appends", async () => {
    const path = join(temporaryFolder(), "metrics.jsonl");
    writeFileSync(path, '{"step":1,"loss":3}\n{"step":2,"loss":2}\n{"step":3,"loss":1}\n{"step":4,"lo');
    const log = await openMetricsLog(path, 2);
    log.write({ step: 3, loss: 0.5 });
    log.close();
    expect(readFileSync(path, "utf8")).toBe('{"step":1,"loss":3}\n{"step":2,"loss":2}\n{"step":3,"loss":0.5}\n');
  });
});

describe("configDifferences (row 43)", () => {
  const config = {
    method: { options: { rank: 8 } },
    engine: { id: "tfjs" },
    data: { folder: "/a", train: { sha256: "1" } },
    arguments: { seed: 1, loggingSteps: 5 },
    versions: { blora: "1" },
  };

  it("prints every setting that changes results, old and new", () => {
    const other = {
      method: { options: { rank: 4 } },
      engine: { id: "onnx" },
      data: { folder: "/a", train: { sha256: "2" } },
      arguments: { seed: 2, loggingSteps: 5, maxSteps: 9 },
      versions: { blora: "1" },
    };
    expect(configDifferences(config, other)).toEqual([
      "method.options.rank: 8 -> 4",
      'engine.id: "tfjs" -> "onnx"',
      'data.train.sha256: "1" -> "2"',
      "arguments.seed: 1 -> 2",
      "arguments.maxSteps: unset -> 9",
    ]);
  });

  it("ignores where the data lies, how often is logged, and package versions", () => {
    const moved = {
      ...config,
      data: { ...config.data, folder: "/b" },
      arguments: { seed: 1, loggingSteps: 1 },
      versions: { blora: "2" },
    };
    expect(configDifferences(config, moved)).toEqual([]);
  });
});

import { pathToFileURL } from "node:url";
import { InvalidInputError } from "@blora/spec";
import { beforeAll, describe, expect, it } from "vitest";
import { runInWorker } from "../src/worker/run-in-worker.ts";
import { serveWorker } from "../src/worker/serve-worker.ts";
import { bundleForNode } from "./bundle.ts";

describe("runInWorker", () => {
  let entry: URL;
  beforeAll(async () => {
    entry = pathToFileURL(await bundleForNode("worker-entry"));
  });

  it("hears events and stops a thread that never yields, keeping its own timers alive (row 41)", async () => {
    const stop = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => {
      ticks++;
    }, 5);
    const events: unknown[] = [];
    const result = await runInWorker<{ count: number }>(
      entry,
      { task: "count" },
      {
        signal: stop.signal,
        onEvent(event) {
          events.push(event);
          setTimeout(() => stop.abort(), 100);
        },
      },
    );
    clearInterval(timer);
    expect(events).toEqual([{ started: true }]);
    expect(result).toMatchObject({ task: "count", stopped: true });
    expect(result.count).toBeGreaterThan(0);
    expect(ticks).toBeGreaterThan(3);
  });

  it("gives errors of this project back with their class", async () => {
    const failing = runInWorker(entry, { task: "fail" });
    await expect(failing).rejects.toBeInstanceOf(InvalidInputError);
    await expect(failing).rejects.toThrow("task: expected count, found fail.");
  });

  it("says so where the thread ends without a result", async () => {
    await expect(runInWorker(entry, { task: "exit" })).rejects.toThrow(
      "The worker ended with exit code 3 and without a result.",
    );
  });
});

describe("serveWorker", () => {
  it("refuses to run outside a worker", async () => {
    await expect(serveWorker(async () => 1)).rejects.toThrow("must be called in a thread that runInWorker started");
  });
});

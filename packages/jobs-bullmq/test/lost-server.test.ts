import { once } from "node:events";
import type { Job } from "@blora/spec";
import { expect, test } from "vitest";
import { HAS_QUEUE_SERVER, startQueueServer } from "../../../internal/servers/queue-server.ts";
import { openBullmq } from "../src/index.ts";

const JOB: Job = { id: "a".repeat(64), manifest: {}, needs: { memoryBytes: 0, threads: 1 }, inputs: [] };

test.skipIf(!HAS_QUEUE_SERVER)(
  "who watches sees who does a job that was submitted again, after its server lost all",
  async () => {
    const server = await startQueueServer();
    const engine = openBullmq(server.url, { leaseSeconds: 1 });
    const told: string[] = [];
    const watching = (async () => {
      for await (const event of engine.events()) {
        if (event.type === "leased") told.push(`attempt ${event.attempt}`);
        if (event.type === "done") return;
      }
    })();
    const ending = new AbortController();
    let isLost = false;
    await engine.submit([JOB]);
    const work = engine.work(
      async (_, { attempt, signal }) => {
        if (isLost) return { status: "done", record: {} };
        if (attempt === 1) throw new Error("The network is down.");
        await once(signal, "abort");
        return { status: "released" };
      },
      { signal: ending.signal },
    );
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(["attempt 1", "attempt 2"]);
    await server.kill();
    isLost = true;
    await server.start();
    await engine.submit([JOB]);
    await watching;
    expect(told).toEqual(["attempt 1", "attempt 2", "attempt 1"]);
    ending.abort();
    await work;
    await engine.close();
    await server.kill();
  },
);

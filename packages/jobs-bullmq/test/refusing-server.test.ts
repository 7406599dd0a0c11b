import type { Job } from "@blora/spec";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { HAS_QUEUE_SERVER, startQueueServer } from "../../../internal/servers/queue-server.ts";
import { openBullmq } from "../src/index.ts";

const jobs: readonly Job[] = ["a", "b", "c"].map((letter) => ({
  ...{ id: letter.repeat(64), manifest: {}, inputs: [] },
  needs: { memoryBytes: 0, threads: 1 },
}));
const FULL = "OOM command not allowed when used memory > 'maxmemory'";

describe.skipIf(!HAS_QUEUE_SERVER)("a server that is full", () => {
  test("takes no job in silence, and a worker tells that it hands out none until it does again", async () => {
    const server = await startQueueServer();
    const notes: string[] = [];
    const engine = openBullmq(server.url, { leaseSeconds: 1 }, { onNote: (note) => notes.push(note) });
    const admin = new Redis(server.url);
    const [first, ...others] = jobs as [Job, ...Job[]];
    await engine.submit([first]);
    await admin.config("SET", "maxmemory", "1");
    await expect(engine.submit(others)).rejects.toMatchObject({
      name: "BloraError",
      message: expect.stringMatching(new RegExp(`^redis://.*: expected a server that takes jobs, found: ${FULL}\\.$`)),
    });
    const done: string[] = [];
    const ending = new AbortController();
    const work = engine.work(
      async ({ id }) => {
        done.push(id);
        return { status: "done", record: {} };
      },
      { signal: ending.signal },
    );
    await expect
      .poll(() => notes, { timeout: 10_000 })
      .toEqual([expect.stringContaining(`hands out no jobs (${FULL})`)]);
    await admin.config("SET", "maxmemory", "0");
    await engine.submit(others);
    await expect.poll(() => done, { timeout: 20_000 }).toEqual(jobs.map(({ id }) => id));
    expect(notes[1]).toMatch(/ hands out jobs again\.$/);
    ending.abort();
    await work;
    await engine.close();
    admin.disconnect();
    await server.kill();
  }, 60_000);
});

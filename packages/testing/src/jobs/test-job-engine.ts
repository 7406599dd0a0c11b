import { setTimeout } from "node:timers/promises";
import type { Component, JobEngine, JobEvent, JobRun } from "@blora/spec";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testManifest } from "../test-manifest.ts";
import { countedValue, countingJob, countingRun } from "./counting-job.ts";
import { createFolderStore } from "./folder-store.ts";
import { createJobHarness, eventOf, type JobEngineKitOptions, type JobHarness } from "./job-harness.ts";
import { testSeveralWorkers } from "./several-workers.ts";

const TIMEOUT = 120_000;
const done = (record: object): JobRun => {
  return async () => ({ status: "done", record: record as Record<string, never> });
};

/** Registers the laws every engine of jobs keeps, see `JobEngine`. Call it at the top level of a test file. */
export function testJobEngine(component: Component<"jobs">, options: JobEngineKitOptions): void {
  describe("job engine laws", { timeout: TIMEOUT }, () => {
    testManifest(component, "jobs");
    let kit: JobHarness;
    beforeEach(async () => {
      kit = await createJobHarness(options);
    });
    afterEach(() => kit.end(), TIMEOUT);

    describe("one worker", () => testOneWorker(() => kit, options));
    describe("several workers", () => testSeveralWorkers(() => kit, options));
  });
}

function testOneWorker(kit: () => JobHarness, { attempts }: JobEngineKitOptions): void {
  let engine: JobEngine;
  beforeEach(async () => {
    engine = await kit().open();
  });

  test("jobs are done in the order they were submitted, each once, with its record", async () => {
    const jobs = ["a", "b", "c"].map((name) => countingJob(name, 1));
    await engine.submit(jobs);
    await engine.submit(jobs.toReversed());
    const seen: unknown[] = [];
    kit().begin(engine, async ({ manifest }, { attempt }) => {
      seen.push([manifest.name, attempt]);
      return { status: "done", record: { of: manifest.name! } };
    });
    const records = await Promise.all(jobs.map(({ id }) => eventOf(engine, id, "done")));
    expect(records).toMatchObject(["a", "b", "c"].map((of) => ({ record: { of } })));
    await engine.submit(jobs);
    const more = countingJob("more", 1);
    await engine.submit([more]);
    await eventOf(engine, more.id, "done");
    expect(seen).toEqual(["a", "b", "c", "more"].map((name) => [name, 1]));
  });

  test("events begin with the state of every job, and go on with what happens", async () => {
    const [first, second] = [countingJob("first", 2), countingJob("second", 2)];
    await engine.submit([first]);
    kit().begin(
      engine,
      countingRun(createFolderStore(kit().folder), async () => undefined),
    );
    await eventOf(engine, first.id, "done");
    const events: JobEvent[] = [];
    await engine.submit([second]);
    for await (const event of engine.events()) {
      events.push(event);
      if (event.id === second.id && event.type === "done") break;
    }
    const record = { value: countedValue(2) };
    expect(events.filter(({ id }) => id === first.id)).toEqual([{ type: "done", id: first.id, record }]);
    expect(events.at(-1)).toEqual({ type: "done", id: second.id, record });
    expect(events.some(({ id, type }) => id === second.id && type !== "done")).toBe(true);
  });

  test("a watcher sees a job queued, leased, on its way and done, in this order", async () => {
    const job = countingJob("watched", 2);
    const watched = (async () => {
      const types: string[] = [];
      for await (const event of engine.events()) {
        // A state may be told twice: where it began, and as it came.
        const told = event.type === "progress" ? `step ${event.at.step} of ${event.at.steps}` : event.type;
        if (types.at(-1) !== told) types.push(told);
        if (event.type === "done") return types;
      }
      return types;
    })();
    await engine.submit([job]);
    kit().begin(
      engine,
      countingRun(createFolderStore(kit().folder), async () => undefined),
    );
    expect(await watched).toEqual(["queued", "leased", "step 0 of 2", "step 1 of 2", "done"]);
  });

  test("a failure is never tried again, but where it is submitted again", async () => {
    const [job, after] = [countingJob("wrong", 1), countingJob("after", 1)];
    let runs = 0;
    kit().begin(engine, async ({ id }) => {
      if (id !== job.id) return { status: "done", record: {} };
      runs += 1;
      return { status: "failed", error: "rank: expected a number, found a word." };
    });
    await engine.submit([job]);
    expect(await eventOf(engine, job.id, "failed")).toEqual({
      type: "failed",
      id: job.id,
      error: "rank: expected a number, found a word.",
    });
    await engine.submit([after]);
    await eventOf(engine, after.id, "done");
    expect(runs).toBe(1);
    await engine.submit([job]);
    while (runs < 2) await setTimeout(10);
    await eventOf(engine, job.id, "failed");
    expect(runs).toBe(2);
  });

  test("an attempt that throws is made again, a number of times", async () => {
    const [once, always] = [countingJob("once", 1), countingJob("always", 1)];
    const seen = new Map<string, number[]>();
    await engine.submit([once, always]);
    kit().begin(engine, async ({ id }, { attempt }) => {
      const before = seen.get(id) ?? [];
      seen.set(id, [...before, attempt]);
      if (id === always.id || before.length === 0) throw new Error("The connection was cut.");
      return { status: "done", record: {} };
    });
    await eventOf(engine, once.id, "done");
    const failed = await eventOf(engine, always.id, "failed");
    expect(failed).toMatchObject({ error: expect.stringContaining("The connection was cut.") });
    expectAscending(seen.get(once.id)!, 2);
    expectAscending(seen.get(always.id)!, attempts);
  });

  test("what was given back is done later, and that costs no attempt", async () => {
    const job = countingJob("busy", 1);
    const seen: number[] = [];
    await engine.submit([job]);
    kit().begin(engine, async (_, { attempt }) => {
      seen.push(attempt);
      return seen.length <= attempts ? { status: "released" } : { status: "done", record: {} };
    });
    await eventOf(engine, job.id, "done");
    expectAscending(seen, attempts + 1);
  });

  test("a job that is taken out of the queue is not done, until it is submitted again", async () => {
    const [job, after] = [countingJob("cancelled", 1), countingJob("after", 1)];
    await engine.submit([job, after]);
    await engine.cancel([job.id, "of no job"]);
    await eventOf(engine, job.id, "cancelled");
    const seen: unknown[] = [];
    kit().begin(engine, async ({ manifest }) => {
      seen.push(manifest.name);
      return { status: "done", record: {} };
    });
    await eventOf(engine, after.id, "done");
    expect(seen).toEqual(["after"]);
    await engine.submit([job]);
    await eventOf(engine, job.id, "done");
    await engine.cancel([job.id]);
    expect(seen).toEqual(["after", "cancelled"]);
    expect(await eventOf(engine, job.id, "done")).toMatchObject({ type: "done" });
  });

  test("a job that is being done is asked to stop where it is cancelled", async () => {
    const job = countingJob("cancelled", 1);
    const ended: unknown[] = [];
    await engine.submit([job]);
    kit().begin(engine, async (_, { signal, heartbeat, isHeld }) => {
      while (!signal.aborted) await setTimeout(10);
      ended.push(await heartbeat({ step: 1 }), await isHeld());
      return { status: "released" };
    });
    await eventOf(engine, job.id, "leased");
    await engine.cancel([job.id]);
    await eventOf(engine, job.id, "cancelled");
    // Its worker may hear of it later than who watches.
    while (ended.length === 0) await setTimeout(10);
    expect(ended).toEqual(["stop", false]);
  });

  test("work ends at its signal, and gives back the job it was doing, which it holds until its run returns", async () => {
    const job = countingJob("interrupted", 1);
    await engine.submit([job]);
    const said: unknown[] = [];
    const end = kit().begin(engine, async (_, { signal, heartbeat, isHeld }) => {
      said.push(await isHeld());
      while (!signal.aborted) await setTimeout(10);
      said.push(await heartbeat({ step: 1 }), await isHeld());
      return { status: "released" };
    });
    await eventOf(engine, job.id, "leased");
    await end();
    expect(said).toEqual([true, "stop", true]);
    kit().begin(engine, done({ by: "another" }));
    expect(await eventOf(engine, job.id, "done")).toMatchObject({ record: { by: "another" } });
  });

  test("several works do several jobs at once", async () => {
    const jobs = [countingJob("one", 1), countingJob("other", 1)];
    let waiting = 0;
    const together: JobRun = async () => {
      waiting += 1;
      while (waiting < 2) await setTimeout(10);
      return { status: "done", record: {} };
    };
    await engine.submit(jobs);
    kit().begin(engine, together);
    kit().begin(engine, together);
    await Promise.all(jobs.map(({ id }) => eventOf(engine, id, "done")));
    expect(waiting).toBe(2);
  });

  test("a job that needs more than there is waits for a worker that has it", async () => {
    const needs = { memoryBytes: 2 ** 30, threads: 2 };
    const large = [
      countingJob("memory", 1, { ...needs, memoryBytes: 2 ** 31 }),
      countingJob("threads", 1, { ...needs, threads: 3 }),
      countingJob("provider", 1, { ...needs, provider: "cuda" }),
    ];
    const small = countingJob("small", 1, { ...needs, provider: "cpu" });
    const seen: unknown[] = [];
    const note: JobRun = async ({ manifest }) => {
      seen.push(manifest.name);
      return { status: "done", record: {} };
    };
    await engine.submit([...large, small]);
    const end = kit().begin(engine, note, { capacity: { ...needs, providers: ["cpu"] } });
    await eventOf(engine, small.id, "done");
    await end();
    expect(seen).toEqual(["small"]);
    kit().begin(engine, note, { capacity: { memoryBytes: 2 ** 32, threads: 4, providers: ["cpu", "cuda"] } });
    await Promise.all(large.map(({ id }) => eventOf(engine, id, "done")));
    expect(seen.slice(1).sort()).toEqual(["memory", "provider", "threads"]);
  });
}

function expectAscending(attempts: readonly number[], length: number): void {
  expect(attempts).toHaveLength(length);
  for (const [index, attempt] of attempts.entries()) expect(attempt).toBeGreaterThan(attempts[index - 1] ?? 0);
}

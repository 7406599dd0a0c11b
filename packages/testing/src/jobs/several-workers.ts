import { setTimeout } from "node:timers/promises";
import { onceInStore, storedRecord } from "@blora/spec";
import { expect, test } from "vitest";
import { countedValue, countingJob, countingRun } from "./counting-job.ts";
import { createFolderStore } from "./folder-store.ts";
import { eventOf, type JobEngineKitOptions, type JobHarness } from "./job-harness.ts";

const STEPS = 8;

/** Laws of an engine whose workers are several, of which some are killed, or freeze. */
export function testSeveralWorkers(kit: () => JobHarness, options: JobEngineKitOptions): void {
  const { leaseMilliseconds = 0 } = options;

  test("jobs of two submitters are each done once", async () => {
    const jobs = Array.from({ length: 6 }, (_, index) => countingJob(`shared ${index}`, 2));
    const store = createFolderStore(kit().folder);
    const counts = new Map<string, number>();
    const run = countingRun(store, async ({ id }) => void counts.set(id, (counts.get(id) ?? 0) + 1));
    const engines = [await kit().open(), await kit().open()];
    await Promise.all(engines.map((engine) => engine.submit(jobs)));
    for (const engine of engines) kit().begin(engine, onceInStore(store, run));
    for (const engine of engines) await Promise.all(jobs.map(({ id }) => eventOf(engine, id, "done")));
    expect([...counts.values()]).toEqual(jobs.map(() => 2));
    expect([...counts.keys()].sort()).toEqual(jobs.map(({ id }) => id).sort());
  });

  test("another goes on where a worker was killed, and ends with the same record", async () => {
    const job = countingJob("killed", STEPS);
    const store = createFolderStore(kit().folder);
    const killed = kit().fork([job], 3);
    await killed.told((message) => message.type === "step" && message.step === 3);
    killed.signal("SIGKILL");
    const steps: number[][] = [];
    const run = countingRun(store, async ({ attempt, step }) => void steps.push([attempt, step]));
    const engine = await kit().open();
    await engine.submit([job]);
    kit().begin(engine, onceInStore(store, run));
    const event = await eventOf(engine, job.id, "done");
    expect(event).toMatchObject({ record: { value: countedValue(STEPS) } });
    expect(steps.map(([, step]) => step)).toEqual([4, 5, 6, 7, 8]);
    for (const [attempt] of steps) expect(attempt).toBeGreaterThan(1);
  });

  test("a worker that wakes up after it lost its lease writes nothing", async () => {
    const job = countingJob("frozen", STEPS);
    const store = createFolderStore(kit().folder);
    const frozen = kit().fork([job], 3);
    await frozen.told((message) => message.type === "step" && message.step === 3);
    frozen.signal("SIGSTOP");
    if (options.expire === undefined) await setTimeout(leaseMilliseconds);
    else await options.expire(kit().folder, job.id);
    const attempts = new Set<number>();
    const engine = await kit().open();
    await engine.submit([job]);
    const run = countingRun(store, async ({ attempt }) => void attempts.add(attempt));
    const end = kit().begin(engine, onceInStore(store, run));
    await eventOf(engine, job.id, "done");
    await end();
    expect(attempts.size).toBe(1);
    expect(attempts.has(1)).toBe(false);
    const before = await keysIn(store);
    frozen.goOn();
    frozen.signal("SIGCONT");
    await frozen.told(({ type }) => type === "ended");
    expect(frozen.messages.find(({ type }) => type === "ended")).toEqual({
      type: "ended",
      id: job.id,
      status: "released",
      isAborted: true,
    });
    expect(await keysIn(store)).toEqual(before);
    expect(await storedRecord(store, job.id)).toEqual({ value: countedValue(STEPS) });
  });

  test.runIf(options.expire !== undefined)("what a run returns after its lease was lost is dropped", async () => {
    const job = countingJob("late", 1);
    const engine = await kit().open();
    await engine.submit([job]);
    const held: boolean[] = [];
    kit().begin(engine, async (_, { attempt, isHeld }) => {
      if (attempt === 1) await options.expire!(kit().folder, job.id);
      held.push(await isHeld());
      return { status: "done", record: { attempt } };
    });
    expect(await eventOf(engine, job.id, "done")).toMatchObject({ record: { attempt: 2 } });
    expect(held).toEqual([false, true]);
  });

  test("where all an engine knows is lost, nothing is done twice and every record is there", async () => {
    const jobs = ["a", "b", "c"].map((name) => countingJob(name, 2));
    const store = createFolderStore(kit().folder);
    const seen: string[] = [];
    const run = onceInStore(store, async (job, lease) => {
      seen.push(job.id);
      return countingRun(store, async () => undefined)(job, lease);
    });
    const before = await kit().open();
    await before.submit(jobs.slice(0, 2));
    const end = kit().begin(before, run);
    await Promise.all(jobs.slice(0, 2).map(({ id }) => eventOf(before, id, "done")));
    await end();
    await options.wipe(kit().folder);
    const after = await kit().open();
    await after.submit(jobs);
    kit().begin(after, run);
    const events = await Promise.all(jobs.map(({ id }) => eventOf(after, id, "done")));
    expect(events).toMatchObject(jobs.map(() => ({ record: { value: countedValue(2) } })));
    expect(seen).toEqual(jobs.map(({ id }) => id));
  });
}

async function keysIn(store: ReturnType<typeof createFolderStore>): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  return keys;
}

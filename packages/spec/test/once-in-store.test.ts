import { describe, expect, test } from "vitest";
import {
  type ArtefactStore,
  InvalidInputError,
  type Job,
  type JobResult,
  type Lease,
  onceInStore,
  recordKey,
  storedRecord,
} from "../src/index.ts";

/** A store in memory, whose files come in pieces of three bytes. */
function createStore(files: Map<string, Uint8Array>): ArtefactStore {
  return {
    put: () => Promise.reject(new Error("not used here")),
    async *get(key) {
      const bytes = files.get(key)!;
      for (let at = 0; at < bytes.length; at += 3) yield bytes.subarray(at, at + 3);
    },
    async *list(prefix) {
      for (const [key, { length: bytes }] of files) if (key.startsWith(prefix)) yield { key, bytes };
    },
    async putIfAbsent(key, body) {
      if (files.has(key)) return false;
      files.set(key, body);
      return true;
    },
    async remove(key) {
      files.delete(key);
    },
  };
}

const job: Job = { id: "a".repeat(64), manifest: {}, needs: { memoryBytes: 0, threads: 1 }, inputs: [] };
const done = (of: string): JobResult => ({ status: "done", record: { of } });
const leaseThat = (answer: "keep" | "stop"): Lease => ({
  attempt: 1,
  signal: new AbortController().signal,
  heartbeat: async () => answer,
  isHeld: async () => answer === "keep",
});

describe("a run whose record is kept once", () => {
  test("gives its record, and is not done again", async () => {
    const store = createStore(new Map());
    let runs = 0;
    const run = onceInStore(store, async () => {
      runs += 1;
      return done("first, ünd more");
    });
    expect(await run(job, leaseThat("keep"))).toEqual(done("first, ünd more"));
    expect(await run(job, leaseThat("keep"))).toEqual(done("first, ünd more"));
    expect(runs).toBe(1);
    expect(await storedRecord(store, job.id)).toEqual({ of: "first, ünd more" });
  });

  test("gives the record of another that was there first", async () => {
    const store = createStore(new Map());
    const slow = onceInStore(store, async () => {
      await onceInStore(store, async () => done("fast"))(job, leaseThat("keep"));
      return done("slow");
    });
    expect(await slow(job, leaseThat("keep"))).toEqual(done("fast"));
  });

  test("writes none without its lease, and none of what failed or was given back", async () => {
    const store = createStore(new Map());
    expect(await onceInStore(store, async () => done("late"))(job, leaseThat("stop"))).toEqual({ status: "released" });
    for (const result of [{ status: "failed", error: "wrong" }, { status: "released" }] as const) {
      expect(await onceInStore(store, async () => result)(job, leaseThat("keep"))).toEqual(result);
    }
    expect(await storedRecord(store, job.id)).toBeUndefined();
  });

  test("refuses a record that is no JSON, by its key", async () => {
    const key = recordKey(job.id);
    const store = createStore(new Map([[key, new TextEncoder().encode('{"of":')]]));
    const run = onceInStore(store, async () => done("none"));
    await expect(run(job, leaseThat("keep"))).rejects.toThrow(`${key}: expected JSON`);
    await expect(run(job, leaseThat("keep"))).rejects.toBeInstanceOf(InvalidInputError);
  });
});

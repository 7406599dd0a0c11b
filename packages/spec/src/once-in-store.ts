import type { ArtefactStore } from "./artefact-store.ts";
import type { JobResult, JobRun } from "./job-engine.ts";
import type { JsonObject } from "./json.ts";
import { parseStrictJsonObject } from "./strict-json.ts";

/** Where the record of a job that is done is kept. */
export function recordKey(id: string): string {
  return `records/${id}.json`;
}

/** The record of a job that is done; undefined where none is. */
export async function storedRecord(store: ArtefactStore, id: string): Promise<JsonObject | undefined> {
  const key = recordKey(id);
  for await (const found of store.list(key)) {
    if (found.key === key) return parseStrictJsonObject(await bytesOf(store.get(key)), { origin: key }) as JsonObject;
  }
  return undefined;
}

/**
 * A run whose record is written once, whoever gets there first: it is not done where a record is there, and writes
 * none where its lease was lost. Two that end at the same time give the same record, the one that is kept.
 */
export function onceInStore(store: ArtefactStore, run: JobRun): JobRun {
  return async (job, lease): Promise<JobResult> => {
    const known = await storedRecord(store, job.id);
    if (known !== undefined) return { status: "done", record: known };
    let last = { step: 0 };
    const result = await run(job, {
      attempt: lease.attempt,
      signal: lease.signal,
      isHeld: () => lease.isHeld(),
      heartbeat(at) {
        last = at;
        return lease.heartbeat(at);
      },
    });
    if (result.status !== "done") return result;
    if ((await lease.heartbeat(last)) === "stop") return { status: "released" };
    await store.putIfAbsent(recordKey(job.id), new TextEncoder().encode(`${JSON.stringify(result.record)}\n`));
    return { status: "done", record: (await storedRecord(store, job.id))! };
  };
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

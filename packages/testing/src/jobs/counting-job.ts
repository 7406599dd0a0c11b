import { createHash } from "node:crypto";
import type { ArtefactStore, Job, JobNeeds, JobRun } from "@blora/spec";

/** A step of a job that was made, and kept. */
export interface CountedStep {
  readonly id: string;
  readonly attempt: number;
  readonly step: number;
}

/** A job of some steps, each of which depends on the one before. */
export function countingJob(name: string, steps: number, needs: JobNeeds = { memoryBytes: 0, threads: 1 }): Job {
  const manifest = { name, steps };
  const id = createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
  return { id, manifest, needs, inputs: [] };
}

/** What a counting job gives, whoever did its steps. */
export function countedValue(steps: number): number {
  let value = 0;
  for (let step = 0; step < steps; step++) value = next(value);
  return value;
}

/** Does counting jobs: goes on from the newest checkpoint in the store, and keeps one at every step. */
export function countingRun(store: ArtefactStore, afterStep: (step: CountedStep) => Promise<void>): JobRun {
  return async ({ id, manifest }, lease) => {
    const steps = manifest.steps as number;
    let { step, value } = await newest(store, id);
    while (step < steps) {
      if ((await lease.heartbeat({ step, steps })) === "stop") return { status: "released" };
      value = next(value);
      step += 1;
      const text = Buffer.from(JSON.stringify({ step, value }));
      const sha256 = createHash("sha256").update(text).digest("hex");
      await store.put(`checkpoints/${id}/${lease.attempt}/${step}`, oneChunk(text), sha256);
      await afterStep({ id, attempt: lease.attempt, step });
    }
    return { status: "done", record: { value } };
  };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function next(value: number): number {
  return (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
}

async function newest(store: ArtefactStore, id: string): Promise<{ step: number; value: number }> {
  let found = { step: 0, value: 0 };
  for await (const { key } of store.list(`checkpoints/${id}/`)) {
    let text = "";
    for await (const bytes of store.get(key)) text += Buffer.from(bytes).toString();
    const read = JSON.parse(text) as typeof found;
    if (read.step > found.step) found = read;
  }
  return found;
}

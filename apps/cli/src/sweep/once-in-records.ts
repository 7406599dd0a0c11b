import { readRecords, type SweepOutcome, type SweepRecord, writeRecord } from "@blora/runs";
import { type JobRun, type JsonObject, toJson } from "@blora/spec";
import { plannedRunOf, sweepRecord } from "./training-job.ts";

/**
 * A run whose record is a small file in a results folder: it is not done where that says so, and writes none where its
 * lease was lost. Failures are recorded too, and done again.
 */
export function onceInRecords(out: string, run: JobRun): JobRun {
  return async (job, lease) => {
    const planned = plannedRunOf(job);
    const known = (await readRecords(out)).get(planned.name);
    if (known?.outcome.status === "done") return { status: "done", record: toJson(known) as JsonObject };
    const keep = async (record: SweepRecord): Promise<boolean> => {
      const isHeld = (await lease.heartbeat({ step: stepsOf(record.outcome) })) === "keep";
      if (isHeld) await writeRecord(out, record);
      return isHeld;
    };
    const failure = (error: string): SweepRecord => sweepRecord(planned, { status: "failed", error });
    const result = await run(job, lease).catch(async (error: unknown) => {
      await keep(failure((error as Error).message));
      throw error;
    });
    if (result.status === "released") return result;
    const record = result.status === "done" ? (result.record as unknown as SweepRecord) : failure(result.error);
    return (await keep(record)) ? result : { status: "released" };
  };
}

function stepsOf(outcome: SweepOutcome): number {
  return outcome.status === "done" ? outcome.summary.steps : 0;
}

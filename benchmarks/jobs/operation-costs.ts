import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Job, Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { queueInfo } from "./queue-info.ts";

/** Of one question to the server, asked by one client after the other. */
export interface OperationCost {
  /** From the question to its answer. */
  readonly roundTripSeconds: number;
  /** Of the server's one processor. */
  readonly serverSeconds: number;
}

/** What a worker asks of the server, see `packages/jobs-bullmq`. */
export interface OperationCosts {
  /** Looks at an empty queue. */
  readonly poll: OperationCost;
  /** Takes a job and the number of its attempt. */
  readonly claim: OperationCost;
  /** Renews the lock of a job. */
  readonly renew: OperationCost;
  /** Tells how far a job is. */
  readonly progress: OperationCost;
  readonly complete: OperationCost;
}

const QUEUE = "operation-costs";
const LEASE_MILLISECONDS = 60_000;

/** Measures each operation so often. @param data and @param record of a job of usual size */
export async function operationCosts(
  redis: Redis,
  times: number,
  { data, record }: { readonly data: object; readonly record: object },
): Promise<OperationCosts> {
  const connection = { host: redis.options.host!, port: redis.options.port! };
  const queue = new Queue(QUEUE, { connection });
  const worker = new Worker(QUEUE, null, { connection: { ...connection, maxRetriesPerRequest: null } });
  const token = randomUUID();
  const take = async (): Promise<Job | undefined> => worker.getNextJob(token, { block: false });
  const measure = async (operation: (index: number) => Promise<unknown>): Promise<OperationCost> => {
    const before = await queueInfo(redis);
    const began = performance.now();
    for (let index = 0; index < times; index++) await operation(index);
    const roundTripSeconds = (performance.now() - began) / 1000 / times;
    const serverSeconds = ((await queueInfo(redis)).processorSeconds - before.processorSeconds) / times;
    return { roundTripSeconds, serverSeconds };
  };
  try {
    await worker.waitUntilReady();
    const poll = await measure(take);
    await queue.addBulk(
      Array.from({ length: times }, (_, index) => ({ name: "job", data, opts: { jobId: `job-${index}` } })),
    );
    const taken: Job[] = [];
    const claim = await measure(async () => {
      const job = (await take())!;
      taken.push(job);
      await redis.hincrby(`bull:${QUEUE}:attempts`, job.id!, 1);
    });
    const [first] = taken as [Job];
    const told = { attempt: 1, worker: `${hostname()}:${process.pid}`, steps: times };
    const renew = await measure(() => first.extendLock(token, LEASE_MILLISECONDS));
    const progress = await measure((step) => first.updateProgress({ ...told, step }));
    const complete = await measure((index) => taken[index]!.moveToCompleted(record, token, false));
    return { poll, claim, renew, progress, complete };
  } finally {
    await worker.close();
    await queue.obliterate({ force: true });
    await queue.close();
  }
}

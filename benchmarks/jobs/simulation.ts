import { createEventQueue } from "./event-queue.ts";
import { createRandom } from "./random.ts";

/** Workers, what they do, and what they share. Times in seconds, on a worker of speed 1 where it is a worker's. */
export interface Farm {
  readonly workers: number;
  readonly jobs: number;
  readonly run: {
    readonly steps: number;
    /** Before the first step and after the last. */
    readonly start: number;
    readonly end: number;
    /** At equal distances, the last one at the end; sent to the store while steps go on. */
    readonly checkpoints: number;
    readonly checkpointBytes: number;
    readonly resultBytes: number;
  };
  /** Standard deviation of the logarithm of speeds, whose median is 1. */
  readonly speedDeviation: number;
  /** Of a worker: mean time to the next failure, and how long it is away. */
  readonly failures: { readonly mean: number; readonly away: number };
  /** How long a lease lasts that is not renewed, and between what a worker tells or asks. */
  readonly times: {
    readonly lease: number;
    readonly renewal: number;
    readonly progress: number;
    readonly poll: number;
  };
  /** Of the server, which answers one after the other. */
  readonly server: Readonly<Record<"poll" | "claim" | "renew" | "progress" | "complete", number>>;
  /** One file after the other. */
  readonly store: { readonly bytesPerSecond: number; readonly perFile: number };
  /** When it is given up, where it is not done. */
  readonly limit: number;
  readonly seed: number;
}

export interface Outcome {
  /** Until the last job is done, or it is given up. */
  readonly seconds: number;
  readonly done: number;
  /** Runs that were begun, also again. */
  readonly attempts: number;
  /** Leases that ran out because the server was too slow. */
  readonly expired: number;
  /** What the same workers would take that did nothing but steps, and never waited, over what they took. */
  readonly efficiency: number;
  /** Of the workers' time until each had its last job: share in steps that count. */
  readonly inSteps: number;
  /** Share of the time in which each had something to do; 1 where it could not keep up. */
  readonly busy: { readonly server: number; readonly store: number };
}

interface SimulatedJob {
  /** Checkpoints in the store. */
  saved: number;
}

/** One try at a job. */
interface Attempt {
  readonly job: SimulatedJob;
  /** When the server gives the job to another. */
  lockUntil: number;
  /** Steps between checkpoints that were made and are not in the store yet. */
  unsaved: number;
  isSending: boolean;
  /** Whether all steps are made, and what comes after them. */
  isAtEnd: boolean;
  isOver: boolean;
}

/** Of a lease, between two looks for those that ran out. */
const LOOK = 1 / 4;

/** Lets workers do all jobs. Equal farms have equal outcomes. */
export function simulate(farm: Farm): Outcome {
  const { run, times } = farm;
  const random = createRandom(farm.seed);
  const events = createEventQueue();
  const server = createCounter();
  const store = createCounter();
  const waiting: SimulatedJob[] = Array.from({ length: farm.jobs }, () => ({ saved: 0 }));
  let next = 0;
  let done = 0;
  let attempts = 0;
  let expired = 0;
  let counted = 0;
  let occupied = 0;
  let speeds = 0;

  const ask = (what: keyof Farm["server"], act: () => void): void => {
    events.at(server.serve(events.now, farm.server[what]), act);
  };
  const transfer = (bytes: number, act: () => void): void => {
    events.at(store.serve(events.now, farm.store.perFile + bytes / farm.store.bytesPerSecond), act);
  };
  /** Back into the queue, once somebody has found that its lease ran out. */
  const queueAgain = ({ job, lockUntil }: Attempt): void => {
    const look = times.lease * LOOK;
    const found = Math.max(events.now, look === 0 ? lockUntil : Math.ceil(lockUntil / look) * look);
    events.at(found, () => void waiting.push(job));
  };

  const startWorker = (): void => {
    const speed = Math.exp(farm.speedDeviation * random.normal());
    speeds += speed;
    const segment = run.steps / run.checkpoints / speed;
    let life = 0;
    let current: Attempt | undefined;
    let last = 0;

    const inThisLife = (act: () => void): (() => void) => {
      const own = life;
      return () => {
        if (own === life) act();
      };
    };
    const during = (attempt: Attempt, act: () => void): (() => void) => {
      return () => {
        if (!attempt.isOver) act();
      };
    };

    const claim = (): void => {
      const take = inThisLife(() => {
        const job = waiting[next];
        if (job === undefined) return void events.at(events.now + times.poll, inThisLife(claim));
        next += 1;
        begin(job);
      });
      ask(next < waiting.length ? "claim" : "poll", take);
    };

    const begin = (job: SimulatedJob): void => {
      attempts += 1;
      const lockUntil = events.now + times.lease;
      const attempt: Attempt = { job, lockUntil, unsaved: 0, isSending: false, isAtEnd: false, isOver: false };
      current = attempt;
      events.at(
        events.now + times.renewal,
        during(attempt, () => renew(attempt)),
      );
      events.at(
        events.now + times.progress,
        during(attempt, () => tell(attempt)),
      );
      const start = (): void =>
        events.at(
          events.now + run.start / speed,
          during(attempt, () => step(attempt, job.saved)),
        );
      if (job.saved === 0) start();
      else transfer(run.checkpointBytes, during(attempt, start));
    };

    const renew = (attempt: Attempt): void => {
      const answered = during(attempt, () => {
        if (events.now > attempt.lockUntil) return lose(attempt);
        attempt.lockUntil = events.now + times.lease;
        events.at(
          events.now + times.renewal,
          during(attempt, () => renew(attempt)),
        );
      });
      ask("renew", answered);
    };

    const tell = (attempt: Attempt): void => {
      ask("progress", () => undefined);
      events.at(
        events.now + times.progress,
        during(attempt, () => tell(attempt)),
      );
    };

    const step = (attempt: Attempt, made: number): void => {
      if (made === run.checkpoints) {
        const end = during(attempt, () => {
          attempt.isAtEnd = true;
          send(attempt);
        });
        events.at(events.now + run.end / speed, end);
        return;
      }
      const afterSegment = during(attempt, () => {
        attempt.unsaved += 1;
        send(attempt);
        step(attempt, made + 1);
      });
      events.at(events.now + segment, afterSegment);
    };

    /** Sends what is not in the store, one after the other, and at the end the result. */
    const send = (attempt: Attempt): void => {
      if (attempt.isSending) return;
      if (attempt.unsaved === 0) {
        if (attempt.isAtEnd)
          transfer(
            run.resultBytes,
            during(attempt, () => complete(attempt)),
          );
        return;
      }
      attempt.isSending = true;
      const sent = during(attempt, () => {
        attempt.isSending = false;
        attempt.unsaved -= 1;
        attempt.job.saved += 1;
        counted += segment;
        send(attempt);
      });
      transfer(run.checkpointBytes, sent);
    };

    const complete = (attempt: Attempt): void => {
      const answered = during(attempt, () => {
        if (events.now > attempt.lockUntil) return lose(attempt);
        attempt.isOver = true;
        done += 1;
        occupied += events.now - last;
        last = events.now;
        claim();
      });
      ask("complete", answered);
    };

    const lose = (attempt: Attempt): void => {
      attempt.isOver = true;
      expired += 1;
      queueAgain(attempt);
      claim();
    };

    const fail = (): void => {
      life += 1;
      if (current !== undefined && !current.isOver) {
        current.isOver = true;
        queueAgain(current);
      }
      const back = (): void => {
        claim();
        awaitFailure();
      };
      events.at(events.now + farm.failures.away, back);
    };
    const awaitFailure = (): void => {
      if (farm.failures.mean < Number.POSITIVE_INFINITY)
        events.at(events.now + random.exponential(farm.failures.mean), fail);
    };

    awaitFailure();
    claim();
  };

  for (let worker = 0; worker < farm.workers; worker++) startWorker();
  events.run(() => done === farm.jobs || events.now > farm.limit);
  const seconds = events.now;
  return {
    seconds,
    done,
    attempts,
    expired,
    efficiency: (done * run.steps) / speeds / seconds,
    inSteps: counted / occupied,
    busy: { server: Math.min(1, server.busy() / seconds), store: Math.min(1, store.busy() / seconds) },
  };
}

/** Serves who comes one after the other. */
interface Counter {
  /** @returns when it is done with one that comes now */
  serve(now: number, seconds: number): number;
  busy(): number;
}

function createCounter(): Counter {
  let free = 0;
  let busy = 0;
  return {
    serve(now, seconds) {
      free = Math.max(now, free) + seconds;
      busy += seconds;
      return free;
    },
    busy: () => busy,
  };
}

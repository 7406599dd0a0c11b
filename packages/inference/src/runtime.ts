import type { Network, StepCache } from "@blora/network";
import { type Engine, InvalidInputError, type Tokenizer } from "@blora/spec";

/** What all adapters of one loaded model share. */
export interface Runtime {
  readonly network: Network;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly steps: StepCache;
  /** Runs jobs one after the other: a compiled step serves one run at a time. */
  exclusively<Result>(job: () => Promise<Result>): Promise<Result>;
}

export interface Queue {
  readonly exclusively: Runtime["exclusively"];
  /** Does a last job, once: those that come after it are refused. */
  close(job: () => Promise<void>): Promise<void>;
}

/**
 * A queue of one. A failed job does not stop those after it.
 *
 * @param name of what the jobs compute with, for the error after its end
 */
export function createQueue(name: string): Queue {
  let last: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;
  const add: Runtime["exclusively"] = (job) => {
    const result = last.then(job);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    async exclusively(job) {
      if (closing === undefined) return add(job);
      throw new InvalidInputError(`${name}: expected a model in use, found one that was released. Load it again.`);
    },
    close: (job) => (closing ??= add(job)),
  };
}

import type { Network, StepCache } from "@blora/network";
import type { Engine, Tokenizer } from "@blora/spec";

/** What all adapters of one loaded model share. */
export interface Runtime {
  readonly network: Network;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly steps: StepCache;
  /** Runs jobs one after the other: a compiled step serves one run at a time. */
  exclusively<Result>(job: () => Promise<Result>): Promise<Result>;
}

/** A queue of one. A failed job does not stop those after it. */
export function createQueue(): Runtime["exclusively"] {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = last.then(job);
    last = result.catch(() => undefined);
    return result;
  };
}

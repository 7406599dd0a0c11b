import { evaluateAdapter } from "./evaluate.ts";
import { exportModel } from "./export.ts";
import { generate } from "./generate.ts";
import type { JobHost } from "./job.ts";
import { merge } from "./merge.ts";
import { predict } from "./predict.ts";
import { trainAdapter } from "./train.ts";

/** Everything that takes long, by what its process is called where it fails. */
export interface Jobs {
  readonly training: typeof trainAdapter;
  readonly evaluation: typeof evaluateAdapter;
  readonly prediction: typeof predict;
  readonly merge: typeof merge;
  readonly export: typeof exportModel;
  readonly generation: typeof generate;
}

export const jobs: Jobs = {
  training: trainAdapter,
  evaluation: evaluateAdapter,
  prediction: predict,
  merge,
  export: exportModel,
  generation: generate,
};

export type JobName = keyof Jobs;
export type JobInput<Name extends JobName> = Parameters<Jobs[Name]>[0];
export type JobEvent<Name extends JobName> =
  Parameters<Jobs[Name]> extends [unknown, JobHost<infer Event>] ? Event : never;
export type JobResult<Name extends JobName> = Awaited<ReturnType<Jobs[Name]>>;

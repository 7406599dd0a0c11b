import { type Job, shellWord } from "@blora/spec";

/** Exit status of a job that every attempt would end in, such as a wrong option. */
export const DO_NOT_RETRY = 42;

/** A list of jobs, for whatever starts a process for each index. */
export interface ArrayOptions {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly jobs: readonly Job[];
  /** Words of the command that does a job; its index and `rest` follow. */
  readonly command: readonly string[];
  readonly rest: readonly string[];
  /** Folder it is started in. */
  readonly folder: string;
  /** Jobs at once, at most. */
  readonly atOnce: number;
}

const MEBIBYTE = 2 ** 20;
/** Of the largest job, for what grows beside the plan, and what a process takes before it has anything. */
const MARGIN = 1.25;
const PROCESS_MEBIBYTES = 512;

/** What each process is to be given; memory is undefined where a job does not say. */
export function resourcesOf(jobs: readonly Job[]): {
  readonly threads: number;
  readonly mebibytes: number | undefined;
} {
  const threads = Math.max(1, ...jobs.map(({ needs }) => needs.threads));
  const bytes = jobs.map(({ needs }) => needs.memoryBytes);
  const most = Math.max(...bytes);
  const isKnown = bytes.length > 0 && bytes.every((own) => own > 0);
  return { threads, mebibytes: isKnown ? Math.ceil((most * MARGIN) / MEBIBYTE) + PROCESS_MEBIBYTES : undefined };
}

/**
 * The command of one job. npx starts it in a shell of its own, which a signal ends without the job: there the job takes the
 * place of that shell.
 *
 * @param index a number, or how a shell says it
 */
export function commandLine({ command, rest }: ArrayOptions, index: string): string {
  const [program, first] = command;
  const isRunByNpx = program === "npx" && first !== undefined && !first.startsWith("-");
  const words = isRunByNpx ? command.slice(1) : command;
  const line = [...words.map(shellWord), index, ...rest.map(shellWord)].join(" ");
  return isRunByNpx ? `npx -c ${shellWord(`exec ${line}`)}` : line;
}

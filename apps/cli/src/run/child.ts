import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BloraError } from "@blora/spec";
import { InterruptedError, statusOfSignal } from "../exit.ts";
import type { JobEvent, JobInput, JobName, JobResult } from "../jobs/jobs.ts";
import { trainingEnvironment } from "./allocator.ts";
import { type FromChild, type JobStart, restoreError, type ToChild } from "./child-messages.ts";
import { onStopSignal } from "./stop-signals.ts";

/** Where the processes of jobs come from. */
export interface ChildSource {
  /** A process that does no job yet, for one. */
  take(): ChildProcess;
}

export interface SpareChild extends ChildSource {
  /** Starts the process of the next job, which then has its code loaded: a second of a processor and 150 MB. */
  prepare(): void;
  /** Ends one that nobody took. */
  end(): void;
}

export interface ChildOptions<Event> {
  onEvent?(event: Event): void;
  /** Folder the job fills before it puts what it made in place. Removed however the job ends. */
  readonly partial?: string;
  /** Asks it to stop as a first interrupt does. */
  readonly stop?: AbortSignal | undefined;
  /** Default: a process is started for the job. */
  readonly children?: ChildSource | undefined;
}

export interface Ended<Result> {
  readonly result: Result;
  /** The signal that asked to stop, where one did. */
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * Does a job in a process of its own: computing blocks no one who shows
 * progress, memory is that of this job alone, and a crash of native code ends
 * nothing else.
 *
 * A first signal asks the job to finish its step and save, or ends it where
 * there is nothing to save; a second one ends both processes at once.
 *
 * @throws the job's own error with its class, InterruptedError where a signal ended it, and BloraError saying how the
 *   process ended where it gave no answer
 */
export async function runInChild<Name extends JobName>(
  job: Name,
  input: JobInput<Name>,
  { onEvent, partial, stop, children }: ChildOptions<JobEvent<Name>> = {},
): Promise<Ended<JobResult<Name>>> {
  const child = children?.take() ?? startChild();
  let doing: string | undefined;
  let answer: Extract<FromChild<Name>, { kind: "result" | "error" }> | undefined;
  child.on("message", (message: FromChild<Name>) => {
    if (message.kind === "event") onEvent?.(message.event);
    else if (message.kind === "stopsItself") doing = message.doing;
    else answer = message;
  });

  let signal: NodeJS.Signals | undefined;
  const onSignal = (received: NodeJS.Signals): void => {
    if (signal !== undefined) {
      // Gone before this process is: who comes next finds no lock held.
      child.once("exit", () => {
        removeFolder(partial);
        process.exit(statusOfSignal(received));
      });
      return void child.kill("SIGKILL");
    }
    signal = received;
    if (doing !== undefined) process.stderr.write(`\n${doing}; once more to stop at once\n`);
    askToStop();
  };
  const askToStop = (): void => {
    if (doing === undefined) child.kill("SIGKILL");
    else send(child, { kind: "stop" });
  };
  stop?.addEventListener("abort", askToStop);
  const endListening = onStopSignal(onSignal);
  try {
    send(child, { kind: "start", job, input } as JobStart);
    if (stop?.aborted) askToStop();
    // What was sent before a process ended arrives before its channel closes.
    const [[code, killer]] = await Promise.all([once(child, "exit"), once(child, "disconnect")]);
    if (answer?.kind === "result") return { result: answer.result, signal };
    if (answer?.kind === "error") throw restoreError(answer.error);
    if (signal !== undefined || stop?.aborted) {
      const by = signal ?? "SIGTERM";
      throw new InterruptedError(`interrupted: the ${job} was ended before there was anything to save.`, by);
    }
    const ending = killer === null ? `with status ${code}` : `by ${killer}`;
    throw new BloraError(`The ${job} process ended ${ending}.`);
  } finally {
    endListening();
    stop?.removeEventListener("abort", askToStop);
    removeFolder(partial);
  }
}

function startChild(): ChildProcess {
  return fork(fileURLToPath(new URL("./child-process.js", import.meta.url)), {
    serialization: "advanced",
    env: trainingEnvironment(),
  });
}

/** At most one process that waits. Whoever does many jobs one after the other has each done by a process of its own all the same. */
export function createSpareChild(): SpareChild {
  let spare: ChildProcess | undefined;
  return {
    take() {
      const isAlive = spare?.connected && spare.exitCode === null && spare.signalCode === null;
      const taken = isAlive ? spare! : startChild();
      spare = undefined;
      return taken;
    },
    prepare() {
      if (spare !== undefined) return;
      spare = startChild();
      // One that cannot be started is found so when it is needed.
      spare.on("error", () => undefined);
      send(spare, { kind: "prepare" });
    },
    end() {
      spare?.kill("SIGKILL");
      spare = undefined;
    },
  };
}

function send(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message);
}

function removeFolder(path: string | undefined): void {
  if (path !== undefined) rmSync(path, { recursive: true, force: true });
}

import { EXIT } from "../exit.ts";

const STOPPING = ["SIGINT", "SIGTERM"] as const;

export interface Interruptible<Result> {
  readonly result: Result;
  /** The signal that asked to stop, where one did. */
  readonly signal: NodeJS.Signals | undefined;
}

/** Runs work that a first signal asks to finish its step and save; a second one ends the process at once. */
export async function withSignals<Result>(
  work: (abort: AbortSignal) => Promise<Result>,
): Promise<Interruptible<Result>> {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (received !== undefined) process.exit(signal === "SIGTERM" ? EXIT.terminated : EXIT.interrupted);
    received = signal;
    process.stderr.write("\nfinishing the step and saving; once more to stop at once\n");
    controller.abort();
  };
  for (const signal of STOPPING) process.on(signal, onSignal);
  try {
    return { result: await work(controller.signal), signal: received };
  } finally {
    for (const signal of STOPPING) process.off(signal, onSignal);
  }
}

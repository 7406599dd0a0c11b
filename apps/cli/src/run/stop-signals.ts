import { statusOfSignal } from "../exit.ts";

/** What asks a command to stop: the keyboard, whoever manages its process, and a terminal that was closed. */
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Tells of every signal that asks to stop. @returns what ends that */
export function onStopSignal(tell: (signal: NodeJS.Signals) => void): () => void {
  for (const name of STOP_SIGNALS) process.on(name, tell);
  return () => {
    for (const name of STOP_SIGNALS) process.off(name, tell);
  };
}

/**
 * Does work up to a signal that asks to stop; a second one ends the process at once.
 *
 * @returns the signal
 */
export async function untilStopped(work: (stop: AbortSignal) => Promise<void>): Promise<NodeJS.Signals | undefined> {
  const stopping = new AbortController();
  let signal: NodeJS.Signals | undefined;
  const endListening = onStopSignal((received) => {
    if (signal !== undefined) process.exit(statusOfSignal(received));
    signal = received;
    stopping.abort();
  });
  try {
    await work(stopping.signal);
  } finally {
    endListening();
  }
  return signal;
}

/** What asks a command to stop: the keyboard, whoever manages its process, and a terminal that was closed. */
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Tells of every signal that asks to stop. @returns what ends that */
export function onStopSignal(tell: (signal: NodeJS.Signals) => void): () => void {
  for (const name of STOP_SIGNALS) process.on(name, tell);
  return () => {
    for (const name of STOP_SIGNALS) process.off(name, tell);
  };
}

import { Worker } from "node:worker_threads";

export interface LockBeat {
  stop(): Promise<void>;
}

/** Runs in a thread of its own, because a compiled step blocks the one that trains for as long as it takes. */
const BEAT = `
const { readFileSync, utimesSync } = require("node:fs");
const { workerData: { path, token, beat } } = require("node:worker_threads");
const timer = setInterval(() => {
  try {
    if (!readFileSync(path, "utf8").includes(token)) return clearInterval(timer);
    utimesSync(path, new Date(), new Date());
  } catch (error) {
    if (error.code === "ENOENT") clearInterval(timer);
  }
}, beat);
`;

/** Touches a lock again and again while this process lives and the lock has its token. */
export function startBeat(path: string, token: string, beat: number): LockBeat {
  const worker = new Worker(BEAT, { eval: true, execArgv: [], workerData: { path, token, beat } });
  worker.on("error", () => undefined).unref();
  return {
    async stop() {
      await worker.terminate();
    },
  };
}

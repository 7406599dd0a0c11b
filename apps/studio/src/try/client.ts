import type { Calls, Name, Reply, Told } from "./messages.ts";

/** The worker that trains, as functions. */
export interface Client {
  call<N extends Name>(name: N, ...values: Parameters<Calls[N]>): Promise<ReturnType<Calls[N]>>;
}

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/**
 * The worker, started by the first call: until then the page is light. Calls that it cannot answer any more, because it
 * was ended, are refused with a sentence, and the next one starts it anew, with nothing in it.
 */
export function createClient(onTold: (told: Told) => void, onEnd: (error: Error) => void): Client {
  const waiting = new Map<number, Waiting>();
  let running: Worker | undefined;
  let number = 0;
  const start = (): Worker => {
    let [isLocked, problem] = [false, ""];
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply | Told>) => {
      if ("told" in data) {
        if (data.told !== "started") return onTold(data);
        // Granted when the worker is gone, also where the browser ended it without a word.
        isLocked = true;
        return void navigator.locks.request(data.lock, () => end(problem));
      }
      const call = waiting.get(data.number);
      waiting.delete(data.number);
      if ("error" in data) call?.reject(new Error(data.error));
      else call?.resolve(data.value as never);
    });
    worker.addEventListener("error", ({ message }) => {
      problem = message;
      // What it holds is let go of before it is said to have ended.
      if (isLocked) worker.terminate();
      else end(message);
    });
    const end = (why: string): void => {
      if (running !== worker) return;
      worker.terminate();
      running = undefined;
      const error = new Error(
        `The browser ended the part of this page that trains${why === "" ? ", as it does where memory is short" : ` (${why})`}. A training that was saved can be opened again above; else begin with the rows.`,
      );
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      onEnd(error);
    };
    return worker;
  };
  return {
    call: (name, ...values) =>
      new Promise((resolve, reject) => {
        running ??= start();
        number += 1;
        waiting.set(number, { resolve, reject });
        running.postMessage({ number, name, values });
      }),
  };
}

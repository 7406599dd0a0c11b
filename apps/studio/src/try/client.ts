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
 * was ended, are refused with a sentence, and the next one starts it anew.
 */
export function createClient(onTold: (told: Told) => void): Client {
  const waiting = new Map<number, Waiting>();
  let running: Worker | undefined;
  let number = 0;
  const start = (): Worker => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply | Told>) => {
      if ("told" in data) return onTold(data);
      const call = waiting.get(data.number);
      waiting.delete(data.number);
      if ("error" in data) call?.reject(new Error(data.error));
      else call?.resolve(data.value as never);
    });
    worker.addEventListener("error", ({ message }) => {
      worker.terminate();
      running = undefined;
      const error = new Error(
        `The part of this page that trains ended${message ? ` (${message})` : ""}. Load the page again: what was saved can go on.`,
      );
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
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

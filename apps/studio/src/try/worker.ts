import type { Calls, Name, Request, Told } from "./messages.ts";
import { countRequests } from "./requests.ts";
import { createWorkshop } from "./workshop.ts";

/** What a page's worker has of its own; the types of this project are a page's. */
const scope = globalThis as unknown as {
  addEventListener(type: "message", listener: (event: MessageEvent<Request>) => void): void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};

const tell = (told: Told): void => scope.postMessage(told);
const requests = countRequests((count) => tell({ told: "requests", count }));
const workshop = createWorkshop(tell, requests);

void navigator.locks?.request(crypto.randomUUID(), (lock) => {
  tell({ told: "started", lock: lock!.name });
  // Held as long as this worker lives, so that the page learns when the browser ends it.
  return new Promise(() => undefined);
});

scope.addEventListener("message", async ({ data: { number, name, values } }) => {
  try {
    const call = workshop[name] as (...values: Parameters<Calls[Name]>) => Promise<unknown>;
    scope.postMessage({ number, value: await call(...values) });
  } catch (error) {
    scope.postMessage({ number, error: sentenceOf(error) });
  }
});

/** Faults in code say where they are; mistakes in the input are a sentence already. */
function sentenceOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof RangeError || /memory|allocat/i.test(message)) {
    return `This tab ran out of memory (${message}). A smaller model, shorter texts or fewer rows in a batch take less.`;
  }
  return name === "TypeError" ? `This is a bug: ${message}` : message;
}

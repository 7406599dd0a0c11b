/** Parameters of the worker's address. */
export function parameters(): Readonly<Record<string, string>> {
  const { location } = globalThis as unknown as { readonly location: { readonly search: string } };
  return Object.fromEntries(new URLSearchParams(location.search));
}

/** Ends a worker's part: what it found, or the error it ended with, goes to the page. */
export async function answer(work: () => Promise<unknown>): Promise<void> {
  const { postMessage } = globalThis as unknown as { postMessage(message: unknown): void };
  try {
    postMessage({ answer: await work() });
  } catch (error) {
    postMessage({ error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
  }
}

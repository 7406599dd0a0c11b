/** Holds a name for this tab until it is let go or the tab is gone; undefined where another tab holds it. */
export function hold(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    if (navigator.locks === undefined) return resolve(() => undefined);
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) =>
        lock === null ? resolve(undefined) : new Promise<void>((release) => resolve(release)),
      )
      .catch(reject);
  });
}

/** Names that tabs hold. */
export async function heldNames(): Promise<ReadonlySet<string>> {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(held.flatMap(({ name }) => name ?? []));
}

/** Waits until one of the names is held by no tab; for ever where there are none. */
export async function anyLeft(names: readonly string[]): Promise<void> {
  await Promise.race([
    new Promise(() => undefined),
    ...names.map((name) => navigator.locks.request(name, () => undefined)),
  ]);
}

import type { AdapterStore } from "@blora/spec";

/** Keeps components of A, E and B, in the given order. */
export function selectComponents(store: AdapterStore, path: string, components: readonly number[]): void {
  store.select(path, "A", 0, components);
  store.select(path, "E", 0, components);
  store.select(path, "B", 1, components);
}

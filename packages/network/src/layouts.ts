import type { Adapter, JsonObject } from "@blora/spec";

/** What a graph depends on at each site: the layout, and which parameters there are. By site path. */
export type Layouts = ReadonlyMap<string, { readonly layout: JsonObject; readonly parameters: readonly string[] }>;

export function layoutsOf(adapters: Iterable<readonly [string, Adapter]>): Layouts {
  return new Map(
    Array.from(adapters, ([path, { layout, parameters }]) => [path, { layout, parameters: Object.keys(parameters) }]),
  );
}

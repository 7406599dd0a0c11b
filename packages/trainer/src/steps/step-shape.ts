import type { Adapter, JsonObject, Parameter } from "@blora/spec";
import type { Shape } from "@blora/tensor";
import type { BatchShape } from "../data/feeds.ts";
import type { TrainingState } from "../state/training-state.ts";

/** What a graph depends on at each site: the layout, and which parameters there are. By site path. */
export type Layouts = ReadonlyMap<string, { readonly layout: JsonObject; readonly parameters: readonly string[] }>;

/** A batch, computed with adapters of these layouts. */
export interface StepShape extends BatchShape {
  readonly layouts: Layouts;
  /** Every parameter of adapters and head by its step name: only shapes and groups are used. */
  readonly parameters: ReadonlyMap<string, Parameter>;
}

export function layoutsOf(adapters: Iterable<readonly [string, Adapter]>): Layouts {
  return new Map(
    Array.from(adapters, ([path, { layout, parameters }]) => [path, { layout, parameters: Object.keys(parameters) }]),
  );
}

export function stepShape(state: TrainingState, batch: BatchShape): StepShape {
  const layouts = layoutsOf(state.paths.map((path) => [path, state.adapter(path)] as const));
  const parameters = [...state.entries()].map(([name, { parameter }]) => [name, parameter] as const);
  return { ...batch, layouts, parameters: new Map(parameters) };
}

/** Shapes of the parameters that `keep` accepts, by name. */
export function shapesOf(
  parameters: ReadonlyMap<string, Parameter>,
  keep: (parameter: Parameter) => boolean,
): Record<string, Shape> {
  return Object.fromEntries(
    [...parameters].filter(([, parameter]) => keep(parameter)).map(([name, { shape }]) => [name, shape]),
  );
}

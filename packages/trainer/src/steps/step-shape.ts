import { type Layouts, layoutsOf, type TokenShape } from "@blora/network";
import type { Parameter } from "@blora/spec";
import type { Shape } from "@blora/tensor";
import type { TrainingState } from "../state/training-state.ts";

/** What the graph of a batch depends on besides the network. */
export interface BatchShape extends TokenShape {
  /** N: how many losses the batch has, of which some may weigh nothing. */
  readonly losses: number;
}

/** A batch, computed with adapters of these layouts. */
export interface StepShape extends BatchShape {
  readonly layouts: Layouts;
  /** Every parameter of adapters and head by its step name: only shapes and groups are used. */
  readonly parameters: ReadonlyMap<string, Parameter>;
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

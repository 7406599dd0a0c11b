import { type AdapterWeights, HEAD_PREFIX } from "@blora/adapters";
import {
  type Adapter,
  type AdapterChange,
  type AdapterStore,
  InvalidInputError,
  type JsonObject,
  type Matrix,
  type ParameterGroup,
  type ParameterRecord,
} from "@blora/spec";
import { averageSquare, type Moments } from "../optimizer/adamw.ts";
import { recombineEntries, selectEntries, type TrainedParameter, trained } from "./parameters.ts";

interface SiteState {
  layout: JsonObject;
  readonly parameters: Map<string, TrainedParameter>;
}

/**
 * Everything training changes: adapters, head, and optimizer averages. Names
 * are `site.path/parameter` and `head:name`.
 */
export interface TrainingState {
  /** Adapted sites, in forward order. */
  readonly paths: readonly string[];
  /** Names the graph: steps compiled for another signature no longer fit. */
  signature(): string;
  adapter(path: string): Adapter;
  head(): ParameterRecord;
  /** Every parameter by its name, in a fixed order. */
  entries(): Map<string, TrainedParameter>;
  /** The optimizer's averages of a trained parameter. */
  moments(path: string, parameter: string): Moments;
  select(path: string, parameter: string, axis: number, indices: readonly number[]): void;
  recombine(path: string, parameter: string, axis: number, values: Float32Array, gradients: Matrix): void;
  update(path: string, change: AdapterChange): void;
}

/** A deep copy of adapters and head, without averages: what evaluation needs. */
export type Snapshot = AdapterWeights;

export function createTrainingState(adapters: ReadonlyMap<string, Adapter>, head: ParameterRecord): TrainingState {
  const sites = new Map<string, SiteState>();
  for (const [path, { layout, parameters }] of adapters)
    sites.set(path, { layout, parameters: trainedAll(parameters) });
  const headParameters = trainedAll(head);

  let signature: string | undefined;

  const site = (path: string): SiteState => {
    const found = sites.get(path);
    if (found === undefined) throw new InvalidInputError(`Expected an adapted site, found ${path}.`);
    return found;
  };
  const entryOf = (path: string, parameter: string): TrainedParameter => {
    const found = site(path).parameters.get(parameter);
    if (found === undefined) throw new InvalidInputError(`Expected a parameter of ${path}, found ${parameter}.`);
    return found;
  };

  return {
    paths: [...sites.keys()],
    signature() {
      signature ??= JSON.stringify(
        [...sites].map(([path, { layout, parameters }]) => [
          path,
          layout,
          [...parameters].map(([name, { parameter }]) => [name, parameter.shape, parameter.group]),
        ]),
      );
      return signature;
    },
    adapter: (path) => ({ layout: site(path).layout, parameters: plain(site(path).parameters) }),
    head: () => plain(headParameters),
    entries() {
      const all = new Map<string, TrainedParameter>();
      for (const [path, { parameters }] of sites) {
        for (const [name, entry] of parameters) all.set(`${path}/${name}`, entry);
      }
      for (const [name, entry] of headParameters) all.set(HEAD_PREFIX + name, entry);
      return all;
    },
    moments(path, parameter) {
      const { moments } = entryOf(path, parameter);
      if (moments === undefined) throw new InvalidInputError(`${path}/${parameter}: expected a trained parameter.`);
      return moments;
    },
    select(path, parameter, axis, indices) {
      const entry = entryOf(path, parameter);
      const size = entry.parameter.shape[axis];
      if (size === undefined || indices.some((index) => !(index >= 0 && index < size))) {
        throw new InvalidInputError(
          `${path}/${parameter}: expected entries of axis ${axis} (size ${size}), found ${indices.join(", ")}.`,
        );
      }
      site(path).parameters.set(parameter, selectEntries(entry, axis, indices));
      signature = undefined;
    },
    recombine(path, parameter, axis, values, gradients) {
      const entry = entryOf(path, parameter);
      const { shape, values: old } = entry.parameter;
      const size = shape[axis];
      const isSquare = gradients.length === size && gradients.every((row) => row.length === size);
      if (!isSquare || values.length !== old.length) {
        throw new InvalidInputError(
          `${path}/${parameter}: expected ${old.length} values and a matrix of the size of axis ${axis} (${size}), found ${values.length} and [${gradients.length}, ${gradients[0]?.length}].`,
        );
      }
      recombineEntries(entry, axis, values, gradients);
    },
    update(path, change) {
      const state = site(path);
      signature = undefined;
      if (change.layout !== undefined) state.layout = change.layout;
      for (const [name, parameter] of Object.entries(change.parameters ?? {})) {
        if (parameter === undefined) state.parameters.delete(name);
        else state.parameters.set(name, trained(parameter));
      }
    },
  };
}

/** Copies what evaluation needs, so that later steps do not change it. */
export function takeSnapshot(state: TrainingState): Snapshot {
  return {
    adapters: new Map(state.paths.map((path) => [path, copyAdapter(state.adapter(path))])),
    head: copyParameters(state.head()),
  };
}

/** Names and parameters of the given optimizer groups. */
export function ofGroups(state: TrainingState, groups: readonly ParameterGroup[]): Map<string, TrainedParameter> {
  return new Map([...state.entries()].filter(([, { parameter }]) => groups.includes(parameter.group)));
}

function trainedAll(parameters: ParameterRecord): Map<string, TrainedParameter> {
  return new Map(Object.entries(parameters).map(([name, parameter]) => [name, trained(parameter)]));
}

function plain(parameters: ReadonlyMap<string, TrainedParameter>): ParameterRecord {
  return Object.fromEntries([...parameters].map(([name, { parameter }]) => [name, parameter]));
}

function copyAdapter({ layout, parameters }: Adapter): Adapter {
  return { layout, parameters: copyParameters(parameters) };
}

function copyParameters(parameters: ParameterRecord): ParameterRecord {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, { ...parameter, values: parameter.values.slice() }]),
  );
}

export interface AdapterStoreParts extends Pick<AdapterStore, "sites" | "cost" | "baseWeight" | "observe"> {
  readonly state: TrainingState;
  /** AdamW's, which `squaredGradients` is corrected by. */
  readonly beta2: number;
}

/** What a method may see and change between steps. `observe` runs one training batch. */
export function createAdapterStore({ state, beta2, ...parts }: AdapterStoreParts): AdapterStore {
  const { adapter, select, recombine, update } = state;
  return {
    ...parts,
    get: adapter,
    select,
    recombine,
    update,
    squaredGradients: (path, parameter) => averageSquare(state.moments(path, parameter), beta2),
  };
}

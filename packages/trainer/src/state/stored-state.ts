import { groupParameters, namedParameters } from "@blora/adapters";
import { InvalidInputError, type JsonObject, type ParameterGroup } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import type { RunProgress } from "./progress.ts";
import { createTrainingState, type Snapshot, type TrainingState } from "./training-state.ts";

/** A parameter as JSON describes it; its values are in the safetensors file. */
interface StoredParameter {
  readonly name: string;
  readonly group: ParameterGroup;
  /** Updates made by the optimizer. */
  readonly steps?: number;
}

interface StoredState {
  readonly layouts: Readonly<Record<string, JsonObject>>;
  /** In the order of `TrainingState.entries`, on which sums over all parameters depend. */
  readonly parameters: readonly StoredParameter[];
}

export interface StoredRun extends StoredState {
  readonly progress: Omit<RunProgress, "best">;
  readonly best?: { readonly record: NonNullable<RunProgress["best"]>["record"]; readonly state: StoredState };
}

/** Everything a run goes on from: what JSON holds, and tensors. The values are the state's own, not copies. */
export interface StoredTraining {
  readonly run: StoredRun;
  readonly tensors: Readonly<Record<string, HostTensor>>;
  /** Those of the best evaluation, where there was one. */
  readonly best: Readonly<Record<string, HostTensor>> | undefined;
}

/** Names of the files of a checkpoint. */
export const STATE_JSON = "state.json";
export const STATE_TENSORS = "state.safetensors";
export const BEST_TENSORS = "best.safetensors";
const FIRST = "#first";
const SECOND = "#second";

export function stateText({ run }: StoredTraining): string {
  return `${JSON.stringify(run, null, 2)}\n`;
}

/** Takes a state apart. `restoreTraining` is the way back, bit for bit. */
export function storeTraining(state: TrainingState, { best, ...progress }: RunProgress): StoredTraining {
  const tensors: Record<string, HostTensor> = {};
  const parameters: StoredParameter[] = [];
  for (const [name, { parameter, moments }] of state.entries()) {
    parameters.push({ name, group: parameter.group, ...(moments && { steps: moments.step }) });
    tensors[name] = parameter;
    if (moments === undefined) continue;
    tensors[name + FIRST] = { shape: parameter.shape, values: moments.first };
    tensors[name + SECOND] = { shape: parameter.shape, values: moments.second };
  }
  const layouts = Object.fromEntries(state.paths.map((path) => [path, state.adapter(path).layout]));
  const run: StoredRun = {
    progress,
    layouts,
    parameters,
    ...(best && { best: { record: best.record, state: storeSnapshot(best.snapshot) } }),
  };
  return { run, tensors, best: best && Object.fromEntries(namedParameters(best.snapshot)) };
}

/** A state from its parts, of which those of the best evaluation are asked for where there was one. */
export function restoreTraining(
  stored: StoredRun,
  tensorsOf: (file: string) => ReadonlyMap<string, HostTensor>,
  origin: string,
): { state: TrainingState; progress: RunProgress } {
  const tensors = tensorsOf(STATE_TENSORS);
  const { adapters, head } = restoreSnapshot(stored, tensors, origin);
  const state = createTrainingState(adapters, head);
  for (const { name, steps } of stored.parameters) {
    const moments = state.entries().get(name)?.moments;
    if (moments === undefined) continue;
    moments.step = steps ?? 0;
    moments.first.set(take(tensors, name + FIRST, origin).values);
    moments.second.set(take(tensors, name + SECOND, origin).values);
  }
  if (stored.best === undefined) return { state, progress: stored.progress };
  const snapshot = restoreSnapshot(stored.best.state, tensorsOf(BEST_TENSORS), origin);
  return { state, progress: { ...stored.progress, best: { record: stored.best.record, snapshot } } };
}

/** Layouts and groups of a snapshot, as JSON holds them. */
function storeSnapshot(snapshot: Snapshot): StoredState {
  return {
    layouts: Object.fromEntries([...snapshot.adapters].map(([path, { layout }]) => [path, layout])),
    parameters: [...namedParameters(snapshot)].map(([name, { group }]) => ({ name, group })),
  };
}

/** A snapshot from what `storeSnapshot` gave and the values by name. */
function restoreSnapshot(
  { layouts, parameters }: StoredState,
  tensors: ReadonlyMap<string, HostTensor>,
  origin: string,
): Snapshot {
  const restored = parameters.map(({ name, group }) => [name, { ...take(tensors, name, origin), group }] as const);
  return groupParameters(layouts, restored, origin);
}

function take(tensors: ReadonlyMap<string, HostTensor>, name: string, origin: string): HostTensor {
  const tensor = tensors.get(name);
  if (tensor !== undefined) return tensor;
  throw new InvalidInputError(`${origin}: expected a tensor called ${name}, found none.`);
}

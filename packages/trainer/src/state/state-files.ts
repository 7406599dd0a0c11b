import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { groupParameters, namedParameters } from "@blora/adapters";
import { readJsonFile } from "@blora/files";
import { InvalidInputError, type JsonObject, type ParameterGroup } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import { readTensors, writeTensors } from "@blora/weights";
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

interface StoredRun extends StoredState {
  readonly progress: Omit<RunProgress, "best">;
  readonly best?: { readonly record: NonNullable<RunProgress["best"]>["record"]; readonly state: StoredState };
}

const STATE_JSON = "state.json";
const STATE_TENSORS = "state.safetensors";
const BEST_TENSORS = "best.safetensors";
const FIRST = "#first";
const SECOND = "#second";

/** Writes everything a resumed run needs into a folder. `readState` is the way back, bit for bit. */
export async function writeState(
  folder: string,
  state: TrainingState,
  { best, ...progress }: RunProgress,
): Promise<void> {
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
  const stored: StoredRun = {
    progress,
    layouts,
    parameters,
    ...(best && { best: { record: best.record, state: storeSnapshot(best.snapshot) } }),
  };
  await writeFile(join(folder, STATE_JSON), `${JSON.stringify(stored, null, 2)}\n`);
  writeTensors(join(folder, STATE_TENSORS), tensors);
  if (best) writeTensors(join(folder, BEST_TENSORS), Object.fromEntries(namedParameters(best.snapshot)));
}

/** Reads what `writeState` wrote. */
export async function readState(folder: string): Promise<{ state: TrainingState; progress: RunProgress }> {
  const stored = readJsonFile(join(folder, STATE_JSON)) as unknown as StoredRun;
  const tensors = readTensors(join(folder, STATE_TENSORS));
  const { adapters, head } = restoreSnapshot(stored, tensors, folder);
  const state = createTrainingState(adapters, head);
  for (const { name, steps } of stored.parameters) {
    const moments = state.entries().get(name)?.moments;
    if (moments === undefined) continue;
    moments.step = steps ?? 0;
    moments.first.set(take(tensors, name + FIRST, folder).values);
    moments.second.set(take(tensors, name + SECOND, folder).values);
  }
  if (stored.best === undefined) return { state, progress: stored.progress };
  const snapshot = restoreSnapshot(stored.best.state, readTensors(join(folder, BEST_TENSORS)), folder);
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

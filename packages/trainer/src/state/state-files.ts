import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readJsonFile } from "@blora/files";
import { readTensors, writeTensors } from "@blora/weights";
import type { RunProgress } from "./progress.ts";
import {
  BEST_TENSORS,
  restoreTraining,
  STATE_JSON,
  STATE_TENSORS,
  type StoredRun,
  stateText,
  storeTraining,
} from "./stored-state.ts";
import type { TrainingState } from "./training-state.ts";

/** Writes everything a resumed run needs into a folder. `readState` is the way back, bit for bit. */
export async function writeState(folder: string, state: TrainingState, progress: RunProgress): Promise<void> {
  const stored = storeTraining(state, progress);
  await writeFile(join(folder, STATE_JSON), stateText(stored));
  writeTensors(join(folder, STATE_TENSORS), stored.tensors);
  if (stored.best) writeTensors(join(folder, BEST_TENSORS), stored.best);
}

/** Reads what `writeState` wrote. */
export async function readState(folder: string): Promise<{ state: TrainingState; progress: RunProgress }> {
  const stored = readJsonFile(join(folder, STATE_JSON)) as unknown as StoredRun;
  return restoreTraining(stored, (file) => readTensors(join(folder, file)), folder);
}

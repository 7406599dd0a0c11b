import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  ADAPTER_DESCRIPTION_FILE,
  ADAPTER_PACKED_FILE,
  PEFT_TENSORS_FILE,
  readJsonFile,
  writeFolderDurably,
} from "@blora/files";
import { type JsonObject, type LinearSite, type Method, NotFoundError } from "@blora/spec";
import { readSafetensorsHeader, readTensorValues, writeSafetensors } from "@blora/weights";
import { type AdapterSizes, sizesOf } from "./adapter-sizes.ts";
import {
  type AdapterDescription,
  parseDescription,
  type StoredDescription,
  stringifyDescription,
} from "./description.ts";
import { packWeights, unpackWeights } from "./packed/pack.ts";
import { isPeft } from "./peft/read-peft.ts";
import { writePeft } from "./peft/write-peft.ts";
import type { TrainedAdapter } from "./trained-adapter.ts";

/**
 * Writes an adapter twice into one folder: as plain LoRA that PEFT loads, with
 * hard gates and every scale folded into B, and packed at its learned widths,
 * from which `readAdapter` gives the rounded values to the last bit. A method that
 * trains the base has no low-rank update: of its run there are the packed files alone.
 */
export async function writeAdapter(
  path: string,
  method: Method,
  sites: readonly LinearSite[],
  { description, weights }: TrainedAdapter,
): Promise<void> {
  const { state, tensors } = packWeights(method, weights);
  await writeFolderDurably(path, async (folder) => {
    if (!method.trainsBase) await writePeft(folder, method, sites, { description, weights });
    writeSafetensors(join(folder, ADAPTER_PACKED_FILE), tensors);
    await writeFile(join(folder, ADAPTER_DESCRIPTION_FILE), stringifyDescription({ ...description, state }));
  });
}

/**
 * Reads what `writeAdapter` packed.
 *
 * @throws NotFoundError where the folder has no `blora_config.json`
 * @throws InvalidInputError where a file is damaged, of another version, or holds a value that is not finite
 */
export async function readAdapter(folder: string): Promise<TrainedAdapter> {
  const { state, ...description } = readStored(folder);
  const header = readSafetensorsHeader(join(folder, ADAPTER_PACKED_FILE));
  const weights = unpackWeights(state, {
    path: header.path,
    entries: header.tensors,
    read: (name) => readTensorValues(header, name, { requireFinite: true }),
  });
  return { description, weights };
}

/**
 * Measures the files of a folder that training wrote. Reads headers only.
 *
 * @returns undefined where the base itself was trained: there is one form
 */
export function adapterSizes(folder: string): AdapterSizes | undefined {
  if (!isPeft(folder)) return undefined;
  const [packed, peft] = [ADAPTER_PACKED_FILE, PEFT_TENSORS_FILE].map((name) =>
    readSafetensorsHeader(join(folder, name)),
  );
  return sizesOf(packed!, peft!);
}

/** The description alone: enough to make the method again before anything is loaded. */
export async function readAdapterDescription(folder: string): Promise<AdapterDescription> {
  const { state: _, ...description } = readStored(folder);
  return description;
}

/** Whether a folder holds a packed adapter; else it may hold one of PEFT's. */
export function isPacked(folder: string): boolean {
  return existsSync(join(folder, ADAPTER_DESCRIPTION_FILE));
}

function readStored(folder: string): StoredDescription {
  if (!isPacked(folder)) {
    throw new NotFoundError(`${folder}: expected a trained adapter with a ${ADAPTER_DESCRIPTION_FILE}, found none.`);
  }
  const path = join(folder, ADAPTER_DESCRIPTION_FILE);
  return parseDescription(readJsonFile(path) as JsonObject, path);
}

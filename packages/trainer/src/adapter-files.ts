import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Head,
  InvalidInputError,
  type Json,
  type JsonObject,
  type LinearSite,
  type LowRankUpdate,
  type Method,
  NotFoundError,
} from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import { writeFolderDurably } from "./files/durable.ts";
import { readTensors, writeTensors } from "./files/tensors.ts";
import { restoreSnapshot, storeSnapshot } from "./state/state-files.ts";
import { type Snapshot, snapshotParameters } from "./state/training-state.ts";
import type { CostSummary } from "./summary.ts";

/** Facts about an adapter that its tensors do not hold: the content of `blora_config.json`. */
export interface AdapterDescription {
  readonly formatVersion: 1;
  readonly baseModel: string;
  readonly task: string;
  readonly head: Head;
  /** Manifest of the method. */
  readonly method: Json;
  readonly maxSeqLength: number;
  readonly ranks: Readonly<Record<string, number>>;
  readonly bits: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly bops: CostSummary;
}

interface StoredDescription extends AdapterDescription {
  readonly state: ReturnType<typeof storeSnapshot>;
}

const PEFT_CONFIG = "adapter_config.json";
const PEFT_TENSORS = "adapter_model.safetensors";
const DESCRIPTION = "blora_config.json";
const STATE = "blora_state.safetensors";
/** PEFT's names of heads; it has none for masked language models. */
const PEFT_TASK_TYPES: Readonly<Record<Head["kind"], string | null>> = {
  classification: "SEQ_CLS",
  regression: "SEQ_CLS",
  "masked-language-model": null,
  "language-model": "CAUSAL_LM",
};
/** What PEFT puts before every module path. */
const PEFT_PREFIX = "base_model.model.";

/**
 * Writes an adapter twice into one folder: as plain LoRA that PEFT loads, with
 * hard gates and every scale folded into B, and as the exact trained state
 * from which `readAdapter` gives the same logits. A method that trains the
 * base has no low-rank update: of its run there is the exact state alone.
 */
export async function writeAdapter(
  path: string,
  method: Method,
  sites: readonly LinearSite[],
  snapshot: Snapshot,
  description: AdapterDescription,
): Promise<void> {
  const updates = method.trainsBase ? undefined : exportUpdates(method, sites, snapshot);
  const stored: StoredDescription = { ...description, state: storeSnapshot(snapshot) };
  await writeFolderDurably(path, async (folder) => {
    if (updates !== undefined) {
      writeTensors(join(folder, PEFT_TENSORS), peftTensors(updates, snapshot), { format: "pt" });
      const config = peftConfig(updates, snapshot, description);
      await writeFile(join(folder, PEFT_CONFIG), `${JSON.stringify(config, null, 2)}\n`);
    }
    writeTensors(join(folder, STATE), Object.fromEntries(snapshotParameters(snapshot)));
    await writeFile(join(folder, DESCRIPTION), `${JSON.stringify(stored, null, 2)}\n`);
  });
}

/**
 * Reads what `writeAdapter` wrote.
 *
 * @throws NotFoundError where the folder has no `blora_config.json`
 * @throws InvalidInputError where the description is damaged or lacks a tensor
 */
export async function readAdapter(folder: string): Promise<{ description: AdapterDescription; snapshot: Snapshot }> {
  const { state, ...description } = await readStored(folder);
  return { description, snapshot: restoreSnapshot(state, readTensors(join(folder, STATE)), folder) };
}

/** The description alone: enough to make the method again before anything is loaded. */
export async function readAdapterDescription(folder: string): Promise<AdapterDescription> {
  const { state: _, ...description } = await readStored(folder);
  return description;
}

async function readStored(folder: string): Promise<StoredDescription> {
  const path = join(folder, DESCRIPTION);
  const text = await readFile(path, "utf8").catch(() => {
    throw new NotFoundError(`${folder}: expected a trained adapter with a ${DESCRIPTION}, found none.`);
  });
  const stored = parse(text) as Partial<StoredDescription> | undefined;
  if (stored?.formatVersion === 1 && stored.state !== undefined && stored.head !== undefined)
    return stored as StoredDescription;
  throw new InvalidInputError(
    `${path}: expected the description of an adapter (formatVersion 1), found ${text.slice(0, 60)}.`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The plain LoRA update of every site. PEFT loads neither rank 0 nor no site at all: an empty adapter keeps one zero update. */
function exportUpdates(
  method: Method,
  sites: readonly LinearSite[],
  { adapters }: Snapshot,
): Map<string, LowRankUpdate> {
  const updates = sites.flatMap((site) => {
    const update = method.export(site, adapters.get(site.path)!);
    return update === undefined || update.rank === 0 ? [] : [[site.path, update] as const];
  });
  const first = sites[0];
  if (updates.length > 0 || first === undefined) return new Map(updates);
  const zero = { rank: 1, A: new Float32Array(first.inFeatures), B: new Float32Array(first.outFeatures) };
  return new Map([[first.path, zero]]);
}

function peftTensors(updates: ReadonlyMap<string, LowRankUpdate>, { head }: Snapshot): Record<string, HostTensor> {
  const tensors: Record<string, HostTensor> = {};
  for (const [path, { rank, A, B }] of updates) {
    tensors[`${PEFT_PREFIX}${path}.lora_A.weight`] = { shape: [rank, A.length / rank], values: A };
    tensors[`${PEFT_PREFIX}${path}.lora_B.weight`] = { shape: [B.length / rank, rank], values: B };
  }
  for (const [name, parameter] of Object.entries(head)) tensors[PEFT_PREFIX + name] = parameter;
  return tensors;
}

/** Keys as PEFT writes them, sorted. Equal rank and alpha make PEFT's own scale 1. */
function peftConfig(
  updates: ReadonlyMap<string, LowRankUpdate>,
  { head }: Snapshot,
  { baseModel, head: { kind } }: AdapterDescription,
): JsonObject {
  const ranks = Object.fromEntries([...updates].map(([path, { rank }]) => [path, rank]));
  const largest = Math.max(1, ...Object.values(ranks));
  const headModules = [...new Set(Object.keys(head).map((name) => name.slice(0, name.lastIndexOf("."))))];
  return {
    alpha_pattern: ranks,
    base_model_name_or_path: baseModel,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: largest,
    lora_dropout: 0,
    modules_to_save: headModules.length === 0 ? null : headModules,
    peft_type: "LORA",
    r: largest,
    rank_pattern: ranks,
    target_modules: Object.keys(ranks),
    task_type: PEFT_TASK_TYPES[kind],
    use_dora: false,
    use_rslora: false,
  };
}

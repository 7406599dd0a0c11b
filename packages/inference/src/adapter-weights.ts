import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Head, InvalidInputError, type LowRankUpdate, NotFoundError } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import { readSafetensorsHeader, readTensor } from "@blora/weights";

/** A trained adapter as plain LoRA: what computing with it takes, whatever method trained it. */
export interface AdapterWeights {
  /** By site path. */
  readonly updates: ReadonlyMap<string, LowRankUpdate>;
  /** Tensors trained as the head, by the architecture's names. */
  readonly headTensors: Readonly<Record<string, HostTensor>>;
  readonly head: Head;
  /** Hub id or folder of the model it was trained on. */
  readonly baseModel: string;
  /** Longest text it was trained with, in tokens. */
  readonly maxSeqLength: number;
}

interface Description {
  readonly head: Head;
  readonly baseModel: string;
  readonly maxSeqLength: number;
}

const DESCRIPTION = "blora_config.json";
const TENSORS = "adapter_model.safetensors";
const PREFIX = "base_model.model.";
const FACTOR = /^(.*)\.lora_([AB])\.weight$/;

/**
 * Reads an adapter folder.
 *
 * @throws NotFoundError where it is not one
 * @throws InvalidInputError where a factor of an update is missing
 */
export async function readAdapterWeights(folder: string): Promise<AdapterWeights> {
  const text = await readFile(join(folder, DESCRIPTION), "utf8").catch(() => {
    throw new NotFoundError(`${folder}: expected a trained adapter with a ${DESCRIPTION}, found none.`);
  });
  const { head, baseModel, maxSeqLength } = JSON.parse(text) as Description;
  const file = readSafetensorsHeader(join(folder, TENSORS));
  const factors = new Map<string, { A?: HostTensor; B?: HostTensor }>();
  const headTensors: Record<string, HostTensor> = {};
  for (const [stored, { shape }] of file.tensors) {
    const tensor = { shape, values: readTensor(file, stored, { requireFinite: true }) };
    const name = stored.startsWith(PREFIX) ? stored.slice(PREFIX.length) : stored;
    const [, path, factor] = FACTOR.exec(name) ?? [];
    if (path === undefined) headTensors[name] = tensor;
    else factors.set(path, { ...factors.get(path), [factor!]: tensor });
  }
  const updates = new Map([...factors].map(([path, { A, B }]) => [path, updateOf(folder, path, A, B)] as const));
  return { updates, headTensors, head, baseModel, maxSeqLength };
}

function updateOf(folder: string, path: string, A: HostTensor | undefined, B: HostTensor | undefined): LowRankUpdate {
  const rank = A?.shape[0];
  if (A !== undefined && B !== undefined && rank === B.shape[1]) return { rank: rank!, A: A.values, B: B.values };
  throw new InvalidInputError(`${folder}: expected lora_A and lora_B of one rank at ${path}, found none such.`);
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LazyTensor, writeLazySafetensors } from "@blora/weights";

/** A tensor to write, with its size in bytes. */
export interface SizedTensor extends LazyTensor {
  readonly byteLength: number;
}

/**
 * Writes tensors to `model.safetensors`, or where they take more than
 * `maxShardBytes` to several files and the index that transformers reads. One
 * tensor at a time is in memory.
 *
 * @returns names of the weight files
 */
export function writeShards(folder: string, tensors: readonly SizedTensor[], maxShardBytes: number): string[] {
  const shards = splitBySize(tensors, maxShardBytes);
  const metadata = { format: "pt" };
  if (shards.length === 1) {
    writeLazySafetensors(join(folder, "model.safetensors"), shards[0]!, metadata);
    return ["model.safetensors"];
  }
  const weightMap: Record<string, string> = {};
  const names = shards.map((shard, index) => {
    const name = `model-${pad(index + 1)}-of-${pad(shards.length)}.safetensors`;
    writeLazySafetensors(join(folder, name), shard, metadata);
    for (const tensor of shard) weightMap[tensor.name] = name;
    return name;
  });
  const total = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const index = { metadata: { total_size: total }, weight_map: weightMap };
  writeFileSync(join(folder, "model.safetensors.index.json"), `${JSON.stringify(index, null, 2)}\n`);
  return names;
}

/** Fills one shard after the other; a tensor above the limit has one for itself. */
function splitBySize(tensors: readonly SizedTensor[], maxShardBytes: number): SizedTensor[][] {
  const shards: SizedTensor[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    if (bytes > 0 && bytes + tensor.byteLength > maxShardBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)!.push(tensor);
    bytes += tensor.byteLength;
  }
  return shards;
}

function pad(number: number): string {
  return String(number).padStart(5, "0");
}

import type { JsonObject } from "@blora/spec";
import type { SafetensorsHeader, StoredFile } from "./safetensors-header.ts";

/** The output matrix of a decoder. */
export const OUTPUT = "lm_head.weight";
const INPUT = "model.embed_tokens.weight";
const CHUNK_BYTES = 2 ** 20;

interface StoredTensor {
  readonly name: string;
  readonly type: string;
  readonly stored: StoredFile;
  readonly header: SafetensorsHeader;
}

/** Whether a checkpoint says that its output matrix is its embedding, and stores both. */
export function maybeTied(config: JsonObject, has: (tensor: string) => boolean): boolean {
  return config.tie_word_embeddings === true && has(OUTPUT) && has(INPUT);
}

/**
 * `config.json` as the weights have it: a decoder that stores an output matrix of its own does not share the
 * embedding, whatever `tie_word_embeddings` says, as transformers 5 has it too. Reads both up to the first difference.
 */
export function withTrueTie(config: JsonObject, tensors: ReadonlyMap<string, StoredTensor>): JsonObject {
  if (!maybeTied(config, (name) => tensors.has(name))) return config;
  const [output, input] = [tensors.get(OUTPUT)!, tensors.get(INPUT)!];
  if (output.type === input.type && haveSameBytes(output, input)) return config;
  return { ...config, tie_word_embeddings: false };
}

function haveSameBytes(...pair: readonly [StoredTensor, StoredTensor]): boolean {
  const [a, b] = pair.map(({ name, stored, header }) => ({ ...header.tensors.get(name)!, stored }));
  if (a!.length !== b!.length) return false;
  for (let start = 0; start < a!.length; start += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, a!.length - start);
    const [left, right] = [a!, b!].map(({ stored, offset }) => stored.read(offset + start, length));
    if (left!.some((byte, index) => byte !== right![index])) return false;
  }
  return true;
}

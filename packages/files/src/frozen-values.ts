import { type FrozenTensor, InvalidInputError, type StorageType } from "@blora/spec";
import { widenBfloat16, widenFloat16 } from "./half-floats.ts";

/** How many bytes one value takes where it is stored. */
export const BYTES_PER_VALUE: Readonly<Record<StorageType, number>> = { f32: 4, f16: 2, bf16: 2 };

/** A frozen tensor in memory. */
export type FrozenInMemory = Extract<FrozenTensor, { readonly source: Float32Array }> | FrozenBytes;

type FrozenBytes = Omit<FrozenTensor, "source"> & { readonly source: Uint8Array };

/**
 * Float32 values of a frozen tensor in memory; 16-bit values are widened exactly.
 *
 * @throws InvalidInputError where the source does not hold the shape's values in the type it is said to have
 */
export function frozenValues(name: string, { shape, storage, source }: FrozenInMemory): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  if (source instanceof Float32Array) {
    if (source.length === size && storage === "f32") return source;
    throw new InvalidInputError(
      `Frozen tensor "${name}" of shape [${shape}] needs ${size} values${storage === "f32" ? "" : `, as bytes of type ${storage}`}, found ${source.length}${storage === "f32" ? "" : " of float32"}.`,
    );
  }
  requireStoredBytes(name, { shape, storage }, source.length, "memory");
  // A copy, because a view may begin at any byte.
  const { buffer } = source.slice();
  if (storage === "f32") return new Float32Array(buffer);
  return (storage === "f16" ? widenFloat16 : widenBfloat16)(new Uint16Array(buffer));
}

/** @throws InvalidInputError where the bytes at a place are not those of shape and type */
export function requireStoredBytes(
  name: string,
  { shape, storage }: Pick<FrozenTensor, "shape" | "storage">,
  found: number,
  place: string,
): void {
  const bytes = shape.reduce((product, length) => product * length, BYTES_PER_VALUE[storage]);
  if (found === bytes) return;
  throw new InvalidInputError(
    `Frozen tensor "${name}" of shape [${shape}] and type ${storage} needs ${bytes} bytes, its place in ${place} has ${found}.`,
  );
}

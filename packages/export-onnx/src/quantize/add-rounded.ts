import { floatTensor } from "../graph/float-weights.ts";
import type { StoredTensor } from "../graph/stored-tensor.ts";
import type { TensorPool } from "./rewrite.ts";

/** A weight that is stored as codes and their scales. */
export interface RoundedWeight {
  readonly codes: Omit<StoredTensor, "read">;
  readonly scales: Pick<StoredTensor, "name" | "shape">;
  /** Reads the weight and rounds it. */
  round(): { readonly codes: Uint8Array; readonly scales: Float32Array };
}

/** Adds both tensors. The weight is rounded once: the few scales are kept when its codes are written. */
export function addRounded(
  tensors: TensorPool,
  { codes, scales, round }: RoundedWeight,
): { codes: string; scales: string } {
  let kept: Float32Array | undefined;
  const readCodes = (): Uint8Array => {
    const rounded = round();
    kept = rounded.scales;
    return rounded.codes;
  };
  return {
    codes: tensors.add({ ...codes, read: readCodes }),
    scales: tensors.add(floatTensor(scales.name, { shape: scales.shape, read: () => kept ?? round().scales })),
  };
}

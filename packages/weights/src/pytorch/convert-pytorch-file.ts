import { InvalidInputError } from "@blora/spec";
import { bytesPerValue } from "../data-types.ts";
import type { LazyTensor } from "../encode-safetensors.ts";
import { readAt } from "../positioned-read.ts";
import { writeLazySafetensors } from "../write-safetensors.ts";
import { type PytorchFile, withPytorchFile } from "./open-pytorch-file.ts";
import { byteLengthOf, type StoredTensor } from "./state-dict.ts";

/** A tensor may stand several times in a file, as tied weights do; one of few values may say that it is huge. */
const MOST_BYTES_PER_BYTE = 4;
const SMALL_FILE = 1 << 20;

/**
 * Writes the tensors of a file of `torch.save` as safetensors, value for value and without running anything of it.
 * Memory holds one tensor at a time.
 *
 * @throws InvalidInputError naming the file and what no state dict holds, before anything is written
 */
export async function convertPytorchFile(path: string, target: string): Promise<void> {
  await withPytorchFile(path, (file) => {
    const tensors = [...file.tensors].map(([name, tensor]): LazyTensor => {
      const { storage, shape } = tensor;
      return { name, type: storage.type, shape, bytes: () => rowMajorBytes(file, tensor) };
    });
    const length = [...file.tensors.values()].reduce((sum, tensor) => sum + byteLengthOf(tensor), 0);
    const most = SMALL_FILE + MOST_BYTES_PER_BYTE * file.size;
    if (!(length <= most)) {
      throw new InvalidInputError(
        `${path}: expected at most ${most} bytes of tensors in a file of ${file.size}, found ${length}.`,
      );
    }
    writeLazySafetensors(target, tensors, { format: "pt" });
  });
}

/** The values of a tensor row by row, whatever its strides. */
function rowMajorBytes({ descriptor, path, places }: PytorchFile, tensor: StoredTensor): Uint8Array {
  const { storage, offset, shape, strides } = tensor;
  const size = bytesPerValue(storage.type);
  if (shape.includes(0)) return new Uint8Array(0);
  const span = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, 1);
  const values = new Uint8Array(span * size);
  readAt(descriptor, values, places.get(storage.key)!.offset + (storage.start + offset) * size, path);
  return isRowMajor(tensor) ? values : gather(values, size, shape, strides);
}

function isRowMajor({ shape, strides }: StoredTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** Copies value by value in the order of the indices, the last axis first. */
function gather(values: Uint8Array, size: number, shape: readonly number[], strides: readonly number[]): Uint8Array {
  const length = shape.reduce((product, axisLength) => product * axisLength, 1);
  const gathered = new Uint8Array(length * size);
  const index = shape.map(() => 0);
  for (let place = 0, from = 0; place < length; place++) {
    gathered.set(values.subarray(from * size, (from + 1) * size), place * size);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return gathered;
}

import { fstatSync } from "node:fs";
import { InvalidInputError } from "@blora/spec";
import { decodeFloats, decodeTensor, type ReadOptions, type TensorValues } from "./decode-tensor.ts";
import { readAt, readBytes, withFile } from "./positioned-read.ts";
import { headerOf, type SafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";

/**
 * `headerOf` a file on disk.
 *
 * @throws NotFoundError where there is no file
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  return withFile(path, (descriptor) => {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new InvalidInputError(`${path}: expected a file`);
    const read = (offset: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(length);
      readAt(descriptor, bytes, offset, path);
      return bytes;
    };
    return headerOf({ path, size: status.size, read });
  });
}

/** Reads the values of one tensor and nothing else of its file. */
export function readTensorValues(file: SafetensorsHeader, name: string, options: ReadOptions = {}): TensorValues {
  return decodeTensor(file, name, bytesIn(file), options);
}

/**
 * Reads a tensor of float32, float16 or bfloat16 as float32, exactly.
 *
 * Throws `NotFoundError` where the file has no such tensor, `InvalidInputError`
 * for any other type, and where `requireFinite` is set and a value is not.
 */
export function readTensor(file: SafetensorsHeader, name: string, options: ReadOptions = {}): Float32Array {
  return decodeFloats(file, name, bytesIn(file), options);
}

function bytesIn({ path }: SafetensorsHeader): (entry: TensorEntry) => Uint8Array {
  return ({ offset, length }) => readBytes({ path, offset, length });
}

import type { HostTensor } from "@blora/tensor";
import { readSafetensorsHeader, readTensor } from "./read-tensor.ts";
import { writeSafetensors } from "./write-safetensors.ts";

/** Writes float32 tensors to a safetensors file. The same tensors give the same bytes. */
export function writeTensors(
  path: string,
  tensors: Readonly<Record<string, HostTensor>>,
  metadata?: Readonly<Record<string, string>>,
): void {
  writeSafetensors(path, new Map(Object.entries(tensors)), metadata);
}

/** Every tensor of a safetensors file, by name. Values that are not finite are refused. */
export function readTensors(path: string): ReadonlyMap<string, HostTensor> {
  const file = readSafetensorsHeader(path);
  return new Map(
    [...file.tensors].map(([name, { shape }]) => [
      name,
      { shape, values: readTensor(file, name, { requireFinite: true }) },
    ]),
  );
}

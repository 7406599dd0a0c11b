import { ADAPTER_DESCRIPTION_FILE, ADAPTER_PACKED_FILE, PEFT_CONFIG_FILE, PEFT_TENSORS_FILE } from "@blora/files";
import { type JsonObject, type LinearSite, type Method, NotFoundError, parseStrictJsonObject } from "@blora/spec";
import { decodeTensor, encodeSafetensors, fileInMemory, headerOf, type SafetensorsHeader } from "@blora/weights";
import { type AdapterSizes, sizesOf } from "./adapter-sizes.ts";
import { parseDescription, stringifyDescription } from "./description.ts";
import { packWeights, unpackWeights } from "./packed/pack.ts";
import { PEFT_METADATA, plainFiles } from "./peft/plain-files.ts";
import type { TrainedAdapter } from "./trained-adapter.ts";

/** The files that `writeAdapter` writes, by name, byte for byte. */
export function adapterFiles(
  method: Method,
  sites: readonly LinearSite[],
  adapter: TrainedAdapter,
): Map<string, Uint8Array> {
  const { description, weights } = adapter;
  const { state, tensors } = packWeights(method, weights);
  const files = new Map<string, Uint8Array>();
  if (!method.trainsBase) {
    const plain = plainFiles(method, sites, adapter);
    files.set(PEFT_TENSORS_FILE, encodeSafetensors(new Map(Object.entries(plain.tensors)), PEFT_METADATA));
    files.set(PEFT_CONFIG_FILE, new TextEncoder().encode(plain.config));
  }
  files.set(ADAPTER_PACKED_FILE, encodeSafetensors(tensors));
  const text = stringifyDescription({ ...description, state });
  return files.set(ADAPTER_DESCRIPTION_FILE, new TextEncoder().encode(text));
}

/**
 * `readAdapter` of files in memory, by name.
 *
 * @param name what to call them, in errors
 * @throws NotFoundError where one of the two packed files is missing, InvalidInputError where one is damaged
 */
export function adapterOfFiles(files: ReadonlyMap<string, Uint8Array>, name: string): TrainedAdapter {
  const path = `${name}/${ADAPTER_DESCRIPTION_FILE}`;
  const json = parseStrictJsonObject(fileOf(files, ADAPTER_DESCRIPTION_FILE, name), { origin: path });
  const { state, ...description } = parseDescription(json as JsonObject, path);
  const file = fileInMemory(`${name}/${ADAPTER_PACKED_FILE}`, fileOf(files, ADAPTER_PACKED_FILE, name));
  const header = headerOf(file);
  const weights = unpackWeights(state, {
    path: file.path,
    entries: header.tensors,
    read: (tensor) =>
      decodeTensor(header, tensor, ({ offset, length }) => file.read(offset, length), { requireFinite: true }),
  });
  return { description, weights };
}

/** `adapterSizes` of files in memory. */
export function sizesOfFiles(files: ReadonlyMap<string, Uint8Array>, name: string): AdapterSizes {
  const header = (file: string): SafetensorsHeader => headerOf(fileInMemory(file, fileOf(files, file, name)));
  return sizesOf(header(ADAPTER_PACKED_FILE), header(PEFT_TENSORS_FILE));
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, file: string, name: string): Uint8Array {
  const bytes = files.get(file);
  if (bytes !== undefined) return bytes;
  throw new NotFoundError(
    `${name}: expected a file ${file} of an adapter, found ${[...files.keys()].join(", ") || "none"}.`,
  );
}

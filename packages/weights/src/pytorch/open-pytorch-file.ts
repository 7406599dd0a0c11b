import { closeSync, fstatSync, openSync } from "node:fs";
import { InvalidInputError, POINTER_BYTES, requireNoPointer } from "@blora/spec";
import { bytesPerValue } from "../data-types.ts";
import { readAt } from "../positioned-read.ts";
import { createFileCursor } from "./file-cursor.ts";
import { readLegacyFile } from "./legacy-file.ts";
import { STATE_DICT_WORLD, type StateDict, type StoragePlace, tensorsOf } from "./state-dict.ts";
import { unpickle } from "./unpickle.ts";
import { readZipEntries } from "./zip-entries.ts";

/** The tensors of a file that `torch.save` wrote, still in it. */
export interface PytorchFile extends StateDict {
  readonly path: string;
  readonly descriptor: number;
  /** Bytes */
  readonly size: number;
}

const ZIP = Buffer.from("PK\u0003\u0004", "latin1");
const LARGEST_PICKLE = 100_000_000;

/**
 * Opens a state dict as `torch.save` writes it, in its zip format or the one before it, runs nothing of it, and closes
 * it when `use` is done.
 *
 * @throws InvalidInputError naming the file, the byte and what no state dict holds
 */
export async function withPytorchFile<T>(path: string, use: (file: PytorchFile) => T): Promise<T> {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const start = Buffer.alloc(Math.min(POINTER_BYTES, size));
    readAt(descriptor, start, 0, path);
    requireNoPointer(start, path);
    const content = start.subarray(0, ZIP.length).equals(ZIP)
      ? await readZipFile(descriptor, path)
      : readLegacyFile(descriptor, path, size);
    const file = { path, descriptor, size, ...content };
    requireStorages(file);
    return use(file);
  } finally {
    closeSync(descriptor);
  }
}

async function readZipFile(descriptor: number, path: string): Promise<StateDict> {
  const entries = await readZipEntries(descriptor, path);
  const pickles = [...entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw new InvalidInputError(`${path}: expected one data.pkl in the zip file, found ${pickles.length}.`);
  }
  const archive = pickles[0]!.slice(0, -"data.pkl".length);
  requireLittleEndian(descriptor, path, entries.get(`${archive}byteorder`));
  const { offset, length } = entries.get(pickles[0]!)!;
  if (length > LARGEST_PICKLE) {
    throw new InvalidInputError(`${path}: expected a data.pkl of at most ${LARGEST_PICKLE} bytes, found ${length}.`);
  }
  const cursor = createFileCursor(descriptor, path, offset, offset + length);
  const value = unpickle(cursor, STATE_DICT_WORLD);
  const data = `${archive}data/`;
  const places = [...entries].filter(([name]) => name.startsWith(data));
  return {
    tensors: tensorsOf(path, value),
    places: new Map(places.map(([name, place]) => [name.slice(data.length), place])),
  };
}

function requireLittleEndian(descriptor: number, path: string, place: StoragePlace | undefined): void {
  if (place === undefined) return;
  const bytes = Buffer.alloc(Math.min(place.length, 16));
  readAt(descriptor, bytes, place.offset, path);
  const order = bytes.toString("latin1");
  if (order !== "little")
    throw new InvalidInputError(`${path}: expected little-endian values, found ${JSON.stringify(order)}.`);
}

/** Every tensor's storage is there and as long as the tensor says. */
function requireStorages({ path, tensors, places }: PytorchFile): void {
  for (const [name, { storage }] of tensors) {
    const { key, type, start, length } = storage;
    const place = places.get(key);
    const wanted = (start + length) * bytesPerValue(type);
    if (place !== undefined && wanted <= place.length) continue;
    const found = place === undefined ? "nothing" : `${place.length} bytes`;
    throw new InvalidInputError(
      `${path}: expected ${wanted} bytes of values for tensor ${JSON.stringify(name)}, found ${found}.`,
    );
  }
}

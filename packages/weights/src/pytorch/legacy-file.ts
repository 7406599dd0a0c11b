import { InvalidInputError } from "@blora/spec";
import { bytesPerValue } from "../data-types.ts";
import { createFileCursor, type FileCursor } from "./file-cursor.ts";
import { STATE_DICT_WORLD, type StateDict, type Storage, type StoragePlace, tensorsOf } from "./state-dict.ts";
import { type PickleWorld, unpickle } from "./unpickle.ts";

/** Begins every file of `torch.save` before its zip format (`torch.serialization.MAGIC_NUMBER`). */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const PLAIN: PickleWorld = {
  globals: new Map(),
  persistent: () => {
    throw new Error("expected no reference to a storage here");
  },
};

/**
 * The format before the zip file: pickles of a magic number, the version, the machine, the object and the keys of its
 * storages, then each storage as its length in values and its bytes.
 *
 * @throws InvalidInputError naming the file and the byte
 */
export function readLegacyFile(descriptor: number, path: string, size: number): StateDict {
  const cursor = createFileCursor(descriptor, path, 0, size);
  requireHeader(cursor, path);
  const storages = new Map<string, Storage>();
  const world: PickleWorld = {
    ...STATE_DICT_WORLD,
    persistent(id) {
      const storage = STATE_DICT_WORLD.persistent(id) as Storage;
      storages.set(storage.key, storage);
      return storage;
    },
  };
  const tensors = tensorsOf(path, unpickle(cursor, world));
  const keys = unpickle(cursor, PLAIN);
  if (!Array.isArray(keys)) return cursor.fail("expected the list of storages");
  return { tensors, places: locateStorages(cursor, keys, storages) };
}

function requireHeader(cursor: FileCursor, path: string): void {
  let magic: unknown;
  try {
    magic = unpickle(cursor, PLAIN);
  } catch {
    magic = undefined;
  }
  if (magic !== MAGIC) {
    throw new InvalidInputError(`${path}: expected a file that torch.save wrote, found something else.`);
  }
  const version = unpickle(cursor, PLAIN);
  if (version !== PROTOCOL) cursor.fail(`expected version ${PROTOCOL} of the format, found ${String(version)}`);
  const machine = unpickle(cursor, PLAIN);
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) cursor.fail("expected little-endian values");
}

function locateStorages(
  cursor: FileCursor,
  keys: readonly unknown[],
  storages: ReadonlyMap<string, Storage>,
): ReadonlyMap<string, StoragePlace> {
  const places = new Map<string, StoragePlace>();
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined)
      return cursor.fail(`expected the key of a storage, found ${JSON.stringify(String(key))}`);
    const length = Number(cursor.take(8).readBigInt64LE()) * bytesPerValue(storage.type);
    if (!Number.isSafeInteger(length) || length < 0) return cursor.fail("expected the length of a storage");
    places.set(storage.key, { offset: cursor.position, length });
    cursor.skip(length);
  }
  return places;
}

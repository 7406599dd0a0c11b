import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fetchFiles, readStored, type SavedFile, saveFiles } from "@blora/artefacts";
import { LOCK_FILE, lockFolder, makeFolder, sha256, writeFolderDurably } from "@blora/files";
import { listCheckpoints } from "@blora/runs";
import { type ArtefactStore, InvalidInputError, NotFoundError, parseStrictJsonObject } from "@blora/spec";

/** A checkpoint of a run as a store keeps it, with what goes on from it needs. */
interface Snapshot {
  readonly step: number;
  readonly files: readonly SavedFile[];
}

/** A run's checkpoints in a store, for whichever machine goes on with it. */
export interface Snapshots {
  /** Brings the newest into the run's folder, where that holds an older one or none. Holds the folder's lock meanwhile. */
  restore(): Promise<void>;
  /** Keeps the folder as it is, with the checkpoint of a step, and removes older ones. Ends early where `mayWrite` says so. */
  keep(step: number, mayWrite: () => Promise<boolean>): Promise<void>;
}

const DIGITS = 12;

/** @param attempt of the lease, which no other attempt at the run shares */
export function createSnapshots(
  store: ArtefactStore,
  { id, folder, attempt }: { readonly id: string; readonly folder: string; readonly attempt: number },
): Snapshots {
  const { files, snapshots } = placesOf(id);
  const known = new Set<string>();
  return {
    async restore() {
      await makeFolder(folder);
      const lock = await lockFolder(folder);
      try {
        const own = (await listCheckpoints(folder))[0]?.step ?? 0;
        for (const { key, step } of (await snapshotsIn(store, snapshots)).reverse()) {
          if (step <= own || (await bringBack(store, files, { folder, key }))) return;
        }
      } finally {
        await lock.release();
      }
    },
    async keep(step, mayWrite) {
      const checkpoint = `checkpoint-${step}`;
      const paths = [...(await filesIn(folder)), ...(await filesIn(folder, checkpoint))];
      if (!(await mayWrite())) return;
      const snapshot: Snapshot = { step, files: await saveFiles(store, files, { folder, paths, known }) };
      const text = new TextEncoder().encode(`${JSON.stringify(snapshot)}\n`);
      if (!(await mayWrite())) return;
      const key = `${snapshots}${String(step).padStart(DIGITS, "0")}-${attempt}.json`;
      await store.put(key, oneChunk(text), sha256(text));
      if (await mayWrite()) await removeOlder(store, { files, snapshots }, { key, kept: snapshot, known });
    },
  };
}

/** Removes what only serves to go on with a run that is done. */
export async function removeSnapshots(store: ArtefactStore, id: string): Promise<void> {
  const { files, snapshots } = placesOf(id);
  for (const prefix of [snapshots, files]) {
    for (const key of await keysIn(store, prefix)) await store.remove(key);
  }
}

/** Every file of a finished run but its checkpoints, saved for good. */
export async function saveResult(store: ArtefactStore, id: string, folder: string): Promise<readonly SavedFile[]> {
  const folders = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !/^(\.|checkpoint-)/.test(entry.name))
    .map(({ name }) => name);
  const paths = [...(await filesIn(folder))];
  for (const name of folders) paths.push(...(await filesIn(folder, name)));
  return saveFiles(store, placesOf(id).result, { folder, paths, known: new Set() });
}

/** Brings a finished run into a folder, which is made. */
export async function fetchResult(
  store: ArtefactStore,
  id: string,
  { folder, files }: { readonly folder: string; readonly files: readonly SavedFile[] },
): Promise<void> {
  await fetchFiles(store, placesOf(id).result, { folder, files });
}

function placesOf(id: string): { readonly files: string; readonly snapshots: string; readonly result: string } {
  return { files: `runs/${id}/files/`, snapshots: `runs/${id}/snapshots/`, result: `runs/${id}/result/` };
}

/** Names of the files of a folder, or of one in it, relative to it. Nothing below, no lock, nothing half made. */
async function filesIn(folder: string, name = ""): Promise<readonly string[]> {
  const entries = await readdir(join(folder, name), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && entry.name !== LOCK_FILE)
    .map((entry) => (name === "" ? entry.name : `${name}/${entry.name}`))
    .sort();
}

/** In the order of their steps. */
async function snapshotsIn(
  store: ArtefactStore,
  prefix: string,
): Promise<{ readonly key: string; readonly step: number }[]> {
  const keys = await keysIn(store, prefix);
  return keys.map((key) => ({ key, step: Number(key.slice(prefix.length, prefix.length + DIGITS)) }));
}

/** False where it is not whole: another worker may be replacing it, or may have been stopped while it did. */
async function bringBack(
  store: ArtefactStore,
  prefix: string,
  { folder, key }: { readonly folder: string; readonly key: string },
): Promise<boolean> {
  try {
    const { step, files } = parseStrictJsonObject(await readStored(store, key), { origin: key }) as unknown as Snapshot;
    const checkpoint = `checkpoint-${step}/`;
    const isOfIt = ({ path }: SavedFile): boolean => path.startsWith(checkpoint);
    await writeFolderDurably(join(folder, checkpoint), async (aside) => {
      const own = files.filter(isOfIt).map((file) => ({ ...file, path: file.path.slice(checkpoint.length) }));
      await fetchFiles(store, prefix, { folder: aside, files: own });
      await fetchFiles(store, prefix, { folder, files: files.filter((file) => !isOfIt(file)) });
    });
    return true;
  } catch (error) {
    const isDamaged = InvalidInputError.isInstance(error) && !("code" in error);
    if (isDamaged || NotFoundError.isInstance(error)) return false;
    throw error;
  }
}

async function removeOlder(
  store: ArtefactStore,
  { files, snapshots }: { readonly files: string; readonly snapshots: string },
  { key, kept, known }: { readonly key: string; readonly kept: Snapshot; readonly known: Set<string> },
): Promise<void> {
  const keys = await keysIn(store, snapshots);
  for (const older of keys.filter((other) => other < key)) await store.remove(older);
  // Of a worker that lost its lease while it wrote: what it needs is not known here.
  if (keys.some((other) => other > key)) return;
  const used = new Set(kept.files.map((file) => file.sha256));
  for (const file of await keysIn(store, files)) {
    const digest = file.slice(files.length);
    if (used.has(digest)) continue;
    await store.remove(file);
    known.delete(digest);
  }
}

async function keysIn(store: ArtefactStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

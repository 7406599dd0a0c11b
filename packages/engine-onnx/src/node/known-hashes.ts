import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeFolder, readJsonFileIfPresent, sha256, writeFileDurably } from "@blora/files";

/** Hashes of parts of large files, remembered from one process to the next: to read a model for them takes minutes. */
export interface KnownHashes {
  /** What is known of a file as it is now, by part; may be added to. */
  of(path: string): Promise<Map<string, string>>;
  /** Remembers what was added. */
  save(): Promise<void>;
}

interface KnownFile extends FileState {
  readonly hashes: Map<string, string>;
  /** How many of them the next process would know. */
  saved: number;
}

interface FileState {
  /** Which file it is, and when it was changed. */
  readonly identity: string;
  /** Whether any later change would show in it. */
  readonly isSettled: boolean;
}

/** Milliseconds in which two changes of a file may have one time, at most: FAT counts two seconds. */
const CLOCK_STEP = 2000;

const SHA256 = /^[0-9a-f]{64}$/;

/** @param folder has one small file for each file that hashes are of */
export function createKnownHashes(folder: string): KnownHashes {
  const files = new Map<string, KnownFile>();
  const recordOf = (path: string): string => join(folder, `${sha256(resolve(path))}.json`);

  async function remember(path: string, { identity, hashes }: KnownFile): Promise<void> {
    await makeFolder(folder);
    const record = { file: identity, hashes: Object.fromEntries(hashes) };
    await writeFileDurably(recordOf(path), `${JSON.stringify(record)}\n`);
  }

  return {
    async of(path) {
      const state = await stateOf(path);
      const known = files.get(path);
      if (known?.identity === state.identity) return known.hashes;
      const hashes = readHashes(recordOf(path), state.identity);
      files.set(path, { ...state, hashes, saved: hashes.size });
      return hashes;
    },
    async save() {
      for (const [path, file] of files) {
        if (file.saved === file.hashes.size || !file.isSettled) continue;
        file.saved = file.hashes.size;
        // What changed while it was read is not remembered; a folder that takes nothing makes the next start slow, no more.
        const { identity } = await stateOf(path);
        if (identity === file.identity) await remember(path, file).catch(() => undefined);
      }
    },
  };
}

/** No program sets the time of a file's last change of status, which any change of the file sets. */
async function stateOf(path: string): Promise<FileState> {
  const now = Date.now();
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs } = await stat(path, { bigint: true });
  const changed = Math.max(Number(mtimeMs), Number(ctimeMs));
  return { identity: [dev, ino, size, mtimeNs, ctimeNs].join(" "), isSettled: now - changed > CLOCK_STEP };
}

function readHashes(record: string, identity: string): Map<string, string> {
  try {
    const { file, hashes } = readJsonFileIfPresent(record) ?? {};
    if (file !== identity) return new Map();
    // They become names of files.
    return new Map(Object.entries(hashes as Record<string, string>).filter(([, hash]) => SHA256.test(hash)));
  } catch {
    // A damaged record is none.
    return new Map();
  }
}

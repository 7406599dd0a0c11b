import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, sha256, sha256OfFile, writeFileDurably } from "@blora/files";
import { type ArtefactStore, isJsonRecord } from "@blora/spec";
import { checkedBody } from "./checked-body.ts";
import { requirePathInside } from "./keys.ts";

/** A file of a folder, as a store keeps it: under its content's name. */
export interface SavedFile {
  /** Relative to the folder, names joined by `/`. */
  readonly path: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

export function isSavedFiles(value: unknown): value is readonly SavedFile[] {
  return Array.isArray(value) && value.every((file) => isJsonRecord(file) && typeof file.path === "string");
}

/** Files up to this are read before they are sent: one that grows meanwhile is sent as it was. */
const READ_WHOLE_BYTES = 2 ** 26;

/** Puts files under `<prefix><sha256>`, but those whose content is in `known`, which then holds all. */
export async function saveFiles(
  store: ArtefactStore,
  prefix: string,
  { folder, paths, known }: { readonly folder: string; readonly paths: readonly string[]; readonly known: Set<string> },
): Promise<readonly SavedFile[]> {
  const saved: SavedFile[] = [];
  for (const path of paths) {
    requirePathInside(path);
    const place = join(folder, path);
    const { size } = await stat(place);
    const content = size <= READ_WHOLE_BYTES ? await readFile(place) : undefined;
    const digest = content === undefined ? await sha256OfFile(place) : sha256(content);
    if (!known.has(digest)) {
      await store.put(
        `${prefix}${digest}`,
        content === undefined ? createReadStream(place) : oneChunk(content),
        digest,
      );
      known.add(digest);
    }
    saved.push({ path, bytes: content?.length ?? size, sha256: digest });
  }
  return saved;
}

/**
 * Writes saved files into a folder, each as a whole.
 *
 * @throws InvalidInputError for a path that leads out of the folder, and content that is not what was saved
 */
export async function fetchFiles(
  store: ArtefactStore,
  prefix: string,
  { folder, files }: { readonly folder: string; readonly files: readonly SavedFile[] },
): Promise<void> {
  for (const { path, sha256: digest } of files) {
    requirePathInside(path);
    const place = join(folder, path);
    await makeFolder(dirname(place));
    await writeFileDurably(place, checkedBody(store.get(`${prefix}${digest}`), digest, path));
  }
}

/** The whole of a small file. */
export async function readStored(store: ArtefactStore, key: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* oneChunk(content: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield content;
}

import { createReadStream, existsSync } from "node:fs";
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeFolder, writeFileDurably, writeFirstDurably } from "@blora/files";
import { type ArtefactStore, definePlugin, NotFoundError, type Plugin } from "@blora/spec";
import { z } from "zod";
import { checkedBody } from "./checked-body.ts";
import { requireKey } from "./keys.ts";

export interface FileStoreOptions {
  /** A folder that every machine sees, made where it is absent. */
  readonly folder: string;
}

const optionsSchema = z.strictObject({ folder: z.string().min(1) });

/**
 * Artefacts in a folder that machines share, such as one of NFS, with hard links, which decide who is first. A file is
 * written aside, flushed and renamed: that is its commit.
 */
export const fileStore: Plugin<"store", "file", FileStoreOptions, ArtefactStore> = definePlugin({
  kind: "store",
  id: "file",
  packageName: "@blora/artefacts",
  optionsSchema,
  create: ({ folder }) => createFileStore(resolve(folder)),
});

function createFileStore(root: string): ArtefactStore {
  const placeOf = (key: string): string => {
    requireKey(key);
    return join(root, ...key.split("/"));
  };
  /** Who removes the last file of a folder removes that too, maybe between its making and its use. */
  const written = async <Result>(key: string, write: (path: string) => Promise<Result>): Promise<Result> => {
    const path = placeOf(key);
    for (;;) {
      await makeFolder(dirname(path));
      try {
        return await write(path);
      } catch (error) {
        if (!isMissing(error) || existsSync(dirname(path))) throw error;
      }
    }
  };
  return {
    async put(key, body, sha256) {
      await written(key, (path) => writeFileDurably(path, checkedBody(body, sha256, path)));
    },
    async *get(key) {
      const path = placeOf(key);
      try {
        for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
      } catch (cause) {
        if (!isMissing(cause)) throw cause;
        throw new NotFoundError(`${path}: expected a file of the store, found none.`, { cause });
      }
    },
    async *list(prefix) {
      const folders = prefix.split("/").slice(0, -1);
      for (const name of folders) requireKey(name);
      yield* filesBelow(root, folders.length === 0 ? "" : `${folders.join("/")}/`, prefix);
    },
    async putIfAbsent(key, body) {
      return written(key, (path) => writeFirstDurably(path, body));
    },
    async remove(key) {
      const path = placeOf(key);
      await rm(path, { force: true });
      await removeEmptyFolders(dirname(path), root);
    },
  };
}

/** A folder, and those above it, up to one that holds something or is the root. */
async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let empty = folder; empty !== root; empty = dirname(empty)) {
    const isRemoved = await rmdir(empty).then(
      () => true,
      () => false,
    );
    if (!isRemoved) return;
  }
}

/** In the order of the keys: a folder `a` comes after a file `a.json`, because its keys begin with `a/`. */
async function* filesBelow(
  root: string,
  start: string,
  prefix: string,
): AsyncGenerator<{ readonly key: string; readonly bytes: number }, void> {
  const entries = await readdir(join(root, start), { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const keys = entries
    .filter(({ name }) => !name.startsWith("."))
    .map((entry) => `${start}${entry.name}${entry.isDirectory() ? "/" : ""}`)
    .filter((key) => key.startsWith(prefix) || (key.endsWith("/") && prefix.startsWith(key)))
    .sort();
  for (const key of keys) {
    if (key.endsWith("/")) yield* filesBelow(root, key, prefix);
    else {
      const bytes = await sizeIfPresent(join(root, key));
      if (bytes !== undefined) yield { key, bytes };
    }
  }
}

/** Undefined for a file that was removed meanwhile. */
async function sizeIfPresent(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

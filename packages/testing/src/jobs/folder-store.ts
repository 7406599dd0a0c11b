import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { type ArtefactStore, InvalidInputError, NotFoundError } from "@blora/spec";

/** A plain store in a folder that processes of one machine share. */
export function createFolderStore(folder: string): ArtefactStore {
  const files = join(folder, "files");
  const pathOf = (key: string): string => join(files, ...key.split("/"));

  const writeAside = async (body: Uint8Array): Promise<string> => {
    const aside = join(folder, randomUUID());
    await mkdir(folder, { recursive: true });
    await writeFile(aside, body);
    return aside;
  };

  return {
    async put(key, body, sha256) {
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      const whole = Buffer.concat(parts);
      if (createHash("sha256").update(whole).digest("hex") !== sha256) {
        throw new InvalidInputError(`${key}: expected content of SHA-256 ${sha256}, found other.`);
      }
      const aside = await writeAside(whole);
      await mkdir(dirname(pathOf(key)), { recursive: true });
      await rename(aside, pathOf(key));
    },
    async *get(key) {
      try {
        yield* createReadStream(pathOf(key)) as AsyncIterable<Uint8Array>;
      } catch (cause) {
        throw new NotFoundError(`${key}: expected a file with this key, found none.`, { cause });
      }
    },
    async *list(prefix) {
      const found = await readdir(files, { recursive: true, withFileTypes: true }).catch(() => []);
      const paths = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
      const keys = paths.map((path) => relative(files, path).split(sep).join("/"));
      for (const key of keys.filter((name) => name.startsWith(prefix)).sort()) {
        yield { key, bytes: (await stat(pathOf(key))).size };
      }
    },
    async putIfAbsent(key, body) {
      const aside = await writeAside(body);
      await mkdir(dirname(pathOf(key)), { recursive: true });
      try {
        await link(aside, pathOf(key));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
        throw error;
      } finally {
        await rm(aside);
      }
    },
    remove: (key) => rm(pathOf(key), { force: true }),
  };
}

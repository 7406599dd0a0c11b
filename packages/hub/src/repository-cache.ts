import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, open, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { makeFolder, writeError, writeFileDurably } from "@blora/files";
import { BloraError } from "@blora/spec";
import { besides, completeBlob } from "./partial-blob.ts";

/** What the Hub calls the kind of a repository. */
export type RepositoryType = "model" | "dataset";

/** One file of a repository, as the Hub lists it. */
export interface RemoteFile {
  readonly path: string;
  /** Bytes */
  readonly size: number;
  /** Names the content; the SHA-256 of large files. */
  readonly etag: string;
  readonly sha256: string | undefined;
}

/** A repository's place in the cache that Hugging Face's own libraries share: `blobs/`, `refs/`, `snapshots/`. */
export interface RepositoryCache {
  /** The commit a revision stood for when it was last downloaded. */
  readRevision(revision: string): Promise<string | undefined>;
  /** Does without where the cache cannot be written: the snapshot is there all the same. */
  writeRevision(revision: string, commit: string): Promise<void>;
  /** All files of the repository at a commit, where they were written. */
  readNames(commit: string): Promise<ReadonlySet<string> | undefined>;
  /** Does without where the cache cannot be written, as `writeRevision` does. */
  writeNames(commit: string, names: ReadonlySet<string>): Promise<void>;
  snapshotFolder(commit: string): string;
  /** Whether the snapshot has a whole file; links it there where another snapshot brought the same content. */
  restore(commit: string, file: RemoteFile): Promise<boolean>;
  /**
   * Stores the content of a file and links it into the snapshot. What came before a connection broke off or a process
   * was killed is kept, and the next time the content is asked for from there.
   */
  store(
    commit: string,
    file: RemoteFile,
    contentFrom: (start: number) => AsyncIterable<Uint8Array>,
    onBytes: (total: number) => void,
  ): Promise<void>;
}

/** Model and commit of a snapshot folder in the cache; undefined for any other folder. */
export function hubSnapshot(folder: string): { readonly id: string; readonly revision: string } | undefined {
  const [, name, revision] = /models--([^/\\]+)[/\\]snapshots[/\\]([0-9a-f]{40})[/\\]?$/.exec(folder) ?? [];
  return name === undefined || revision === undefined ? undefined : { id: name.replaceAll("--", "/"), revision };
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Whether an error of the file system says that nothing may be written here. */
export const isUnwritable = (error: unknown): boolean =>
  ["EACCES", "EPERM", "EROFS"].includes(String((error as NodeJS.ErrnoException).code));

/** Writes content to `path`, from where the file ends on, and checks the size and hash of all. */
async function writeChecked(
  path: string,
  file: RemoteFile,
  contentFrom: (start: number) => AsyncIterable<Uint8Array>,
  onBytes: (total: number) => void,
): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  const count = (chunk: Uint8Array): void => {
    hash.update(chunk);
    bytes += chunk.length;
  };
  const output = await open(path, "a");
  try {
    for await (const chunk of createReadStream(path)) count(chunk as Buffer);
    for await (const chunk of contentFrom(bytes)) {
      await output.writeFile(chunk);
      count(chunk);
      onBytes(bytes);
    }
  } finally {
    await output.close();
  }
  if (bytes !== file.size) {
    throw new BloraError(`Download of ${file.path} is incomplete: expected ${file.size} bytes, received ${bytes}`);
  }
  if (file.sha256 !== undefined && hash.digest("hex") !== file.sha256) {
    throw new BloraError(`Download of ${file.path} is damaged: its SHA-256 is not ${file.sha256}`);
  }
}

/** Links `path` to `target`, or copies it where links are not allowed. A link that is there is replaced at once. */
async function linkOrCopy(target: string, path: string): Promise<void> {
  await makeFolder(dirname(path));
  const aside = besides(path);
  try {
    await symlink(relative(dirname(path), target), aside).catch(() => copyFile(target, aside));
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
}

/** Writes a small file, or does without where nothing may be written. */
async function writeIfAllowed(path: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFileDurably(path, text);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
}

export function openRepositoryCache(cacheFolder: string, id: string, type: RepositoryType): RepositoryCache {
  const repository = join(cacheFolder, `${type}s--${id.replaceAll("/", "--")}`);
  const namesFile = (commit: string): string => join(repository, "names", `${commit}.txt`);
  const snapshotFolder = (commit: string): string => join(repository, "snapshots", commit);
  return {
    snapshotFolder,
    readRevision: (revision) =>
      readFile(join(repository, "refs", revision), "utf8").then(
        (commit) => commit.trim(),
        () => undefined,
      ),
    async writeRevision(revision, commit) {
      const path = join(repository, "refs", revision);
      if ((await this.readRevision(revision)) !== commit) await writeIfAllowed(path, commit);
    },
    readNames: (commit) =>
      readFile(namesFile(commit), "utf8").then(
        (text) => new Set(text.split("\n")),
        () => undefined,
      ),
    async writeNames(commit, names) {
      if (!(await exists(namesFile(commit)))) await writeIfAllowed(namesFile(commit), [...names].join("\n"));
    },
    async restore(commit, { path, etag, size }) {
      // Other tools and full disks leave files that are cut short.
      const isWhole = async (file: string): Promise<boolean> =>
        (await stat(file).catch(() => undefined))?.size === size;
      const link = join(snapshotFolder(commit), path);
      if (await isWhole(link)) return true;
      const blob = join(repository, "blobs", etag);
      if (!(await isWhole(blob))) return false;
      await linkOrCopy(blob, link);
      return true;
    },
    async store(commit, file, contentFrom, onBytes) {
      const blob = join(repository, "blobs", file.etag);
      const link = join(snapshotFolder(commit), file.path);
      await makeFolder(dirname(blob));
      try {
        await completeBlob(blob, file.size, (path) => writeChecked(path, file, contentFrom, onBytes));
      } catch (error) {
        throw writeError(error, link, file.size);
      }
      await linkOrCopy(blob, link);
    },
  };
}

import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { flush } from "@blora/files";

/**
 * Where what goes to `out` is made first: beside it, so that it moves there in
 * one rename, and under a name of this process, so that two never share it.
 */
export function partialFolder(out: string): string {
  return `${partialStem(out)}${process.pid}`;
}

function partialStem(out: string): string {
  const path = resolve(out);
  return join(dirname(path), `.partial-${basename(path)}-${hostname()}-`);
}

/** Removes what killed processes of this machine left of earlier attempts to make `out`. */
export async function removeAbandoned(out: string): Promise<void> {
  const stem = partialStem(out);
  const names = await readdir(dirname(stem)).catch(() => []);
  for (const path of names.map((name) => join(dirname(stem), name)).filter((path) => path.startsWith(stem))) {
    const pid = Number(path.slice(stem.length));
    if (Number.isInteger(pid) && !isRunning(pid)) await rm(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Moves a folder to a place that is absent or empty; throws where it is neither. */
export async function moveFolder(from: string, to: string): Promise<void> {
  await rmdir(to).catch(ignoreMissing);
  await rename(from, to);
  await flush(dirname(resolve(to)));
}

/** Moves every file of a folder to the same place in another, whose other files stay. */
export async function moveFiles(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const place = join(to, join(entry.parentPath, entry.name).slice(from.length));
    await mkdir(dirname(place), { recursive: true });
    await rename(join(entry.parentPath, entry.name), place);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

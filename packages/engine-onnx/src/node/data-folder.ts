import { constants } from "node:fs";
import { access, copyFile, link, mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { cacheFolder } from "@blora/files";
import type { Graph } from "../graph/graph.ts";
import { createWholeNumberFiles } from "./whole-number-files.ts";

/**
 * Where ONNX Runtime finds the files of frozen tensors. It maps them only from
 * one folder and follows no links out of it, so files of several folders are
 * hard-linked (or, across file systems, copied) into a folder of our own.
 */
export interface DataFolder {
  /** The graph with whatever it lacks in files, the folder of these files, and their names in it. */
  prepare(graph: Graph): Promise<{ graph: Graph; folder: string | undefined; locate: (path: string) => string }>;
  release(): Promise<void>;
}

export function createDataFolder(cache: string = cacheFolder()): DataFolder {
  const wholeNumbers = createWholeNumberFiles(cache);
  const linked = new Map<string, string>();
  let own: string | undefined;

  async function linkInto(folder: string, path: string): Promise<void> {
    if (linked.has(path)) return;
    const name = `${linked.size}-${basename(path)}`;
    await link(path, join(folder, name)).catch(() => copyFile(path, join(folder, name)));
    linked.set(path, name);
  }

  return {
    async prepare(traced) {
      const graph = await wholeNumbers.place(traced);
      const files = await realPaths(graph);
      const paths = [...new Set(files.values())];
      const folders = [...new Set(paths.map((path) => dirname(path)))];
      if (folders.length === 0) return { graph, folder: undefined, locate: basename };
      if (folders.length === 1) return { graph, folder: folders[0]!, locate: (path) => basename(files.get(path)!) };
      own ??= await mkdtemp(join(await placeOnDiskOf(paths, cache), "blora-"));
      for (const path of paths) await linkInto(own, path);
      return { graph, folder: own, locate: (path) => linked.get(files.get(path)!)! };
    },
    async release() {
      if (own !== undefined) await rm(own, { recursive: true, force: true });
      own = undefined;
      linked.clear();
    },
  };
}

/** A folder on the disk of the largest file, where there is one: links do not cross disks, and a copy takes its size. */
async function placeOnDiskOf(paths: readonly string[], cache: string): Promise<string> {
  const files = await Promise.all(paths.map((path) => stat(path)));
  const { dev } = files.reduce((largest, file) => (file.size > largest.size ? file : largest));
  const isThere = async (folder: string): Promise<boolean> =>
    (await stat(folder).catch(() => undefined))?.dev === dev &&
    (await access(folder, constants.W_OK).then(
      () => true,
      () => false,
    ));
  return !(await isThere(tmpdir())) && (await isThere(cache)) ? cache : tmpdir();
}

/** The files of a graph's frozen tensors, each with its path free of symbolic links. */
async function realPaths(graph: Graph): Promise<Map<string, string>> {
  const resolved = new Map<string, string>();
  for (const { data } of graph.initializers) {
    if (data instanceof Uint8Array || resolved.has(data.path)) continue;
    resolved.set(data.path, await realpath(data.path));
  }
  return resolved;
}

import { copyFile, link, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Graph } from "../graph/graph.ts";

/**
 * Where ONNX Runtime finds the files of frozen tensors. It maps them only from
 * one folder and follows no links out of it, so files of several folders are
 * hard-linked (or, across file systems, copied) into a folder of our own.
 */
export interface DataFolder {
  /** The folder and the file names for the files a graph reads. */
  prepare(graph: Graph): Promise<{ folder: string | undefined; locate: (path: string) => string }>;
  release(): Promise<void>;
}

export function createDataFolder(): DataFolder {
  const linked = new Map<string, string>();
  let own: string | undefined;

  async function linkInto(folder: string, path: string): Promise<void> {
    if (linked.has(path)) return;
    const name = `${linked.size}-${basename(path)}`;
    await link(path, join(folder, name)).catch(() => copyFile(path, join(folder, name)));
    linked.set(path, name);
  }

  return {
    async prepare(graph) {
      const files = await realPaths(graph);
      const paths = [...new Set(files.values())];
      const folders = [...new Set(paths.map((path) => dirname(path)))];
      if (folders.length === 0) return { folder: undefined, locate: basename };
      if (folders.length === 1) return { folder: folders[0]!, locate: (path) => basename(files.get(path)!) };
      own ??= await mkdtemp(join(tmpdir(), "blora-"));
      for (const path of paths) await linkInto(own, path);
      return { folder: own, locate: (path) => linked.get(files.get(path)!)! };
    },
    async release() {
      if (own !== undefined) await rm(own, { recursive: true, force: true });
      own = undefined;
      linked.clear();
    },
  };
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

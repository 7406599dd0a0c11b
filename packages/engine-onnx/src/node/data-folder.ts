import { realpath } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import { InvalidInputError } from "@blora/spec";
import type { Graph } from "../graph/graph.ts";

/** Where ONNX Runtime finds the files of frozen tensors: it maps them from below one folder alone, and follows no links out of it. */
export interface DataFolder {
  /** Above all of the files; undefined where there are none. */
  readonly folder: string | undefined;
  /** The path of a file from there. */
  locate(path: string): string;
}

/**
 * The folder above a graph's files as they are: a link to a file would change its times, and a copy takes its size.
 *
 * @throws InvalidInputError where they are on several drives, as Windows has them
 */
export async function dataFolderOf({ initializers }: Graph): Promise<DataFolder> {
  const paths = new Map<string, string>();
  for (const { data } of initializers) {
    if (!(data instanceof Uint8Array) && !paths.has(data.path)) paths.set(data.path, await realpath(data.path));
  }
  const folder = folderAbove([...paths.values()]);
  return { folder, locate: (path) => relative(folder!, paths.get(path)!).replaceAll(sep, "/") };
}

function folderAbove([first, ...others]: readonly string[]): string | undefined {
  if (first === undefined) return undefined;
  let folder = dirname(first);
  for (const other of others) {
    while (!isBelow(folder, other)) {
      const parent = dirname(folder);
      if (parent === folder) {
        throw new InvalidInputError(
          `onnx engine: expected files of one model and its cache on one drive, found ${first} and ${other}. Name a folder on the drive of the model in BLORA_CACHE.`,
        );
      }
      folder = parent;
    }
  }
  return folder;
}

function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

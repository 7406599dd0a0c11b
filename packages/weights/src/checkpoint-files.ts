import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { isPickle, pathInside, pickleAdvice, readJsonFile, WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from "@blora/files";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { parseWeightsIndex } from "./weights-index.ts";

/** Weights of a folder: the files, and what an index says is in which. */
export interface CheckpointFiles {
  /** Real paths by file name. */
  readonly files: ReadonlyMap<string, string>;
  /** Tensor name to file name; undefined where there is no index. */
  readonly index: ReadonlyMap<string, string> | undefined;
}

function locateShards(folder: string, index: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const names = [...new Set(index.values())].sort();
  const absent = names.filter((name) => !existsSync(join(folder, name)));
  if (absent.length > 0) {
    throw new NotFoundError(
      `${folder} lacks ${absent.length} of the ${names.length} files its index names: ${absent.join(", ")}`,
    );
  }
  return new Map(names.map((name): [string, string] => [name, pathInside(folder, name)]));
}

/** Finds the safetensors files of a folder. Throws where there are none, saying what there is instead. */
export function locateCheckpointFiles(folder: string): CheckpointFiles {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new NotFoundError(`There is no folder ${folder}`);
  const single = join(folder, WEIGHTS_FILE);
  if (existsSync(single)) return { files: new Map([[WEIGHTS_FILE, realpathSync(single)]]), index: undefined };
  if (existsSync(join(folder, WEIGHTS_INDEX_FILE))) {
    const path = join(folder, WEIGHTS_INDEX_FILE);
    const index = parseWeightsIndex(readJsonFile(path), path);
    return { files: locateShards(folder, index), index };
  }
  const pickles = readdirSync(folder).filter(isPickle);
  if (pickles.length > 0)
    throw new InvalidInputError(`${folder} (${pickles.sort().join(", ")}) ${pickleAdvice(folder)}`);
  throw new NotFoundError(`${folder} has no weights: expected ${WEIGHTS_FILE} or ${WEIGHTS_INDEX_FILE}`);
}

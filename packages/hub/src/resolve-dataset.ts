import { readdirSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { BloraError, NotFoundError } from "@blora/spec";
import { isUnanswered, type RepositoryContent } from "./download.ts";
import { isOffline } from "./environment.ts";
import { fetchRepository, isFile, type ResolveModelOptions } from "./resolve-repository.ts";

/** The branch to which the Hub writes data sets as parquet files. */
const CONVERSION = "refs/convert/parquet";
const OWN_FILES = "main";

export interface ResolveDatasetOptions extends ResolveModelOptions {
  /**
   * The files to download. Also asked which files a cached copy should have.
   *
   * @param names of all files
   * @throws `BloraError` where they are not what is wanted
   */
  choose(names: ReadonlySet<string>): readonly string[];
}

/** Files of a data set at a commit, in the cache. */
export interface DatasetSnapshot {
  readonly folder: string;
  readonly commit: string;
  /** Paths in the folder, joined by `/`: those that `choose` chose. */
  readonly files: readonly string[];
}

/**
 * Files of a data set of the Hub, downloaded into the cache as models are: of its conversion to parquet where there is
 * one and no revision is asked for, else of the files it has itself. A commit that is in the cache needs no connection.
 *
 * Throws as `resolveModel` does, and what `choose` throws.
 */
export async function resolveDataset(id: string, options: ResolveDatasetOptions): Promise<DatasetSnapshot> {
  if (options.revision !== undefined) return snapshotOf(id, options);
  try {
    return await snapshotOf(id, { ...options, revision: CONVERSION });
  } catch (error) {
    const isUnreached = BloraError.isInstance(error) && isUnanswered(error);
    if (!isUnreached && !NotFoundError.isInstance(error)) throw error;
    const offline = options.offline ?? isOffline(options.environment ?? process.env);
    return snapshotOf(id, { ...options, revision: OWN_FILES }).catch((second: unknown) => {
      throw isUnreached || offline ? error : second;
    });
  }
}

async function snapshotOf(id: string, { choose, ...options }: ResolveDatasetOptions): Promise<DatasetSnapshot> {
  const content: RepositoryContent = {
    type: "dataset",
    noun: "data set",
    example: "stanfordnlp/imdb",
    choose,
    missing: (folder, listed) =>
      choose(listed ?? namesIn(folder)).filter((name) => !isFile(join(folder, ...name.split("/")))),
  };
  const folder = await fetchRepository(id, content, options);
  return { folder, commit: basename(folder), files: choose(namesIn(folder)) };
}

/** Paths of all files in a folder, joined by `/`. */
function namesIn(folder: string): ReadonlySet<string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return new Set(files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, "/")));
}

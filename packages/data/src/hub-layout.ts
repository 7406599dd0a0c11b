import { basename, posix } from "node:path";
import { didYouMean, InvalidInputError, NotFoundError } from "@blora/spec";
import { parseFileName } from "./file-name.ts";
import { isAboutData } from "./folder.ts";
import { type HubReference, writeHubReference } from "./hub-reference.ts";

/** The files of one configuration of a data set. */
export interface RepositoryPart {
  readonly config: string;
  /** Folder in the repository whose files or subfolders are the splits; empty for the repository itself. */
  readonly folder: string;
  /** Paths in the repository. */
  readonly files: readonly string[];
}

/** What `datasets` calls the only configuration of files that name none. */
const DEFAULT = "default";
/** Folders of this name hold a split rather than a configuration. */
const SPLIT = /^(?:train|training|validation|valid|val|dev|eval|test|testing)(?:[._-].*)?$/;
/** How the Hub calls a split of which it converted only the first gigabytes. */
const PARTIAL = /^partial-/;
const MOST_NAMES = 8;

/**
 * The files of a configuration among all of a repository: of `<config>/<split>/0000.parquet`, to which the Hub converts
 * data sets, or of csv, tsv, jsonl, json and parquet files in the repository, in `data` or in a folder a configuration.
 *
 * @throws InvalidInputError listing the configurations where there are several and none is named, or another one, or for
 *   splits of which the Hub converted only a part
 * @throws NotFoundError where there is no data file
 */
export function partOfRepository(names: ReadonlySet<string>, wanted: HubReference): RepositoryPart {
  const parts = partsOf([...names].filter(isData));
  const name = writeHubReference(wanted);
  if (parts.size === 0) {
    const others = [...names].slice(0, MOST_NAMES).join(", ");
    throw new NotFoundError(`${name}: expected csv, tsv, jsonl, json or parquet files, found ${others || "nothing"}.`);
  }
  const known = [...parts.keys()].sort();
  const config = wanted.config ?? (known.length === 1 ? known[0]! : DEFAULT);
  const part = parts.get(config);
  if (part === undefined) {
    const { id } = wanted;
    const problem =
      wanted.config === undefined
        ? `${name} has several configurations: name one, such as ${writeHubReference({ ...wanted, config: known[0]! })}.`
        : `hub:${id} has no configuration ${config}.${didYouMean(config, known)}`;
    throw new InvalidInputError(`${problem} It has ${known.join(", ")}.`);
  }
  requireWhole(part, name);
  return part;
}

function isData(path: string): boolean {
  const file = basename(path);
  return parseFileName(file) !== undefined && !isAboutData(file);
}

function partsOf(files: readonly string[]): ReadonlyMap<string, RepositoryPart> {
  const base = files.every((file) => file.startsWith("data/")) ? "data" : "";
  const parts = new Map<string, { config: string; folder: string; files: string[] }>();
  for (const file of files) {
    const [first, ...rest] = file.slice(base === "" ? 0 : base.length + 1).split("/");
    const isDefault = rest.length === 0 || (rest.length === 1 && SPLIT.test(first!));
    const config = isDefault ? DEFAULT : first!;
    const folder = isDefault ? base : posix.join(base, first!);
    const part = parts.get(config) ?? { config, folder, files: [] };
    part.files.push(file);
    parts.set(config, part);
  }
  return parts;
}

function requireWhole({ folder, files }: RepositoryPart, name: string): void {
  const splits = files.map((file) => posix.relative(folder, file).split("/")[0]!);
  const partial = splits.find((split) => PARTIAL.test(split));
  if (partial === undefined) return;
  throw new InvalidInputError(
    `${name}: expected all of ${partial.replace(PARTIAL, "")}, found only the part of it that the Hub converted. Name the revision with its own files, such as ${name.replace(/@.*$/, "")}@main.`,
  );
}

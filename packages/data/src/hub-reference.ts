import { InvalidInputError } from "@blora/spec";

/** A data set of the Hub, as `hub:<org/name>[/<config>][@<revision>]` names it. */
export interface HubReference {
  /** `org/name` */
  readonly id: string;
  readonly config?: string | undefined;
  /** Branch, tag or commit. */
  readonly revision?: string | undefined;
}

const REFERENCE = /^hub:([^/@:\s]+\/[^/@:\s]+)(?:\/([^/@]+))?(?:@(.+))?$/;
/** What others write, where data sets are named. */
const NEARLY = /^(?:hub|hf|huggingface|https:\/\/huggingface\.co\/datasets)[:/]+(?:datasets\/)?(.+)$/i;

/**
 * Undefined for the name of a file or folder.
 *
 * @throws InvalidInputError for a text that is nearly such a name
 */
export function parseHubReference(text: string): HubReference | undefined {
  const match = REFERENCE.exec(text);
  if (match === null) {
    const near = NEARLY.exec(text)?.[1];
    const isMeant = near !== undefined && !/^(?:hub|hf|huggingface)\//i.test(text);
    if (!isMeant) return undefined;
    const also = near.includes("/") && !text.startsWith("hub:") ? ` Did you mean hub:${near}?` : "";
    throw new InvalidInputError(
      `Expected a data set of the Hub such as hub:org/name, hub:org/name/config or hub:org/name/config@revision, found ${JSON.stringify(text)}.${also}`,
    );
  }
  const [, id, config, revision] = match;
  return { id: id!, ...(config !== undefined && { config }), ...(revision !== undefined && { revision }) };
}

/** The name again. */
export function writeHubReference({ id, config, revision }: HubReference): string {
  return `hub:${id}${config === undefined ? "" : `/${config}`}${revision === undefined ? "" : `@${revision}`}`;
}

/** `datasets--<org>--<name>/snapshots/<commit>/<path>`, where the cache of the Hub keeps a file of a data set. */
const IN_CACHE = /datasets--([^/\\]+)[/\\]snapshots[/\\][0-9a-f]{40}(?:[/\\](.+))?$/;

/**
 * How messages name a data file or folder: by its path, or one that the Hub's cache keeps by its place on the Hub. The first
 * file of a split that the Hub converted is called like the split, `hub:org/name/config/train`.
 */
export function nameOfFile(path: string): string {
  const [, repository, file] = IN_CACHE.exec(path) ?? [];
  if (repository === undefined) return path;
  const id = repository.replaceAll("--", "/");
  return file === undefined ? `hub:${id}` : `hub:${id}/${file.replaceAll("\\", "/").replace(/\/0000\.parquet$/, "")}`;
}

/** Whether `nameOfFile` names a file by its place on the Hub. */
export function isOfHub(path: string): boolean {
  return IN_CACHE.test(path);
}

import { existsSync, statSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { describeAdapter, isMergedInto, readPeftConfig } from "@blora/adapters";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { type Checkpoint, checkpointSha256 } from "@blora/weights";

/** The model an adapter was trained on. */
export interface BaseModel {
  /** Hub id, or the absolute path of a folder. */
  readonly model: string;
  /** Commit of a Hub model; of one of PEFT's also a branch or tag. */
  readonly revision?: string | undefined;
  /** Its content, see `checkpointSha256`; nothing else tells whether a folder still holds what it did. */
  readonly sha256?: string | undefined;
}

/**
 * The model an adapter says it was trained on; undefined where it names none. A folder is never taken for a model of
 * the Hub: training records it by its whole path, and a relative one of an older adapter or of PEFT's is looked for
 * from the working folder and from the adapter.
 */
export async function baseModelOf(folder: string): Promise<BaseModel | undefined> {
  const description = await describeAdapter(folder);
  if (description === undefined) {
    const { baseModel, revision } = readPeftConfig(folder);
    if (baseModel === undefined) return undefined;
    const here = folderOf(baseModel, folder);
    return here === undefined ? { model: baseModel, revision } : { model: here };
  }
  const { baseModel, baseRevision, baseSha256 } = description;
  const isOlder = baseRevision === undefined && baseSha256 === undefined && /[/\\]/.test(baseModel);
  const model = isOlder ? (folderOf(baseModel, folder) ?? resolve(baseModel)) : baseModel;
  return { model, revision: baseRevision, sha256: baseSha256 };
}

/** @throws InvalidInputError where an adapter names no base model, NotFoundError where its folder is not there */
export function requireBaseModel(base: BaseModel | undefined, adapter: string): BaseModel {
  if (base === undefined) {
    throw new InvalidInputError(`${adapter}: expected the name of a base model, found none. Give one.`);
  }
  if (!isAbsolute(base.model) || existsSync(base.model)) return base;
  throw new NotFoundError(
    `${adapter}: expected its base model in the folder ${base.model}, where it was trained, found no such folder. Give its place.`,
  );
}

/**
 * Checks that a base model is still what an adapter was trained on. A commit of the Hub never changes, but a folder may
 * have the name of its model. Of a model that
 * was given in its place only that the adapter is not in its weights already.
 *
 * @param adapter its folder
 * @throws InvalidInputError where its content is another, or holds the adapter
 */
export async function requireSameBase(base: BaseModel, checkpoint: Checkpoint, adapter: string): Promise<void> {
  const { model, revision, sha256 } = base;
  await requireNotMerged(checkpoint.folder, adapter);
  // A snapshot of the Hub is named by its commit. A folder here may have the name of a model there.
  const isSnapshot = revision !== undefined && basename(checkpoint.folder) === revision;
  if (sha256 === undefined || isSnapshot || (await checkpointSha256(checkpoint)) === sha256) return;
  throw new InvalidInputError(
    `${adapter}: expected the base model it was trained on in ${model}, found other weights or another config.json. Give the model to use them all the same.`,
  );
}

/** @throws InvalidInputError where an adapter is in the weights of a model already: it would count twice */
export async function requireNotMerged(model: string, adapter: string): Promise<void> {
  if (!(await isMergedInto(model, adapter))) return;
  throw new InvalidInputError(
    `${adapter}: expected a base model without this adapter, found ${model}, which it is merged into. Give the model it was trained on, or use this one without the adapter.`,
  );
}

function folderOf(name: string, adapter: string): string | undefined {
  return [resolve(name), join(resolve(adapter), name)].find((path) =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory(),
  );
}

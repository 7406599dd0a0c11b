import { existsSync } from "node:fs";
import { join } from "node:path";
import { ADAPTER_PACKED_FILE, PEFT_TENSORS_FILE, readJsonFile, sha256OfFile, writeFileDurably } from "@blora/files";
import { InvalidInputError, NotFoundError, requireValid } from "@blora/spec";
import { z } from "zod";

/** How far a merged checkpoint is from its base model with the adapter beside it. */
export interface MergeError {
  /** Texts compared. */
  readonly texts: number;
  /** Between two logits. */
  readonly largestDifference: number;
  readonly largestLogit: number;
}

/** What a merged checkpoint says of itself. */
const MERGE_FILE = "blora_merge.json";

const schema = z.strictObject({
  adapterSha256: z.string(),
  texts: z.int().positive(),
  largestDifference: z.number().nonnegative(),
  largestLogit: z.number().nonnegative(),
});

/** Writes beside a merged checkpoint which adapter is in it, and how exactly. */
export async function writeMergeRecord(merged: string, adapter: string, error: MergeError): Promise<void> {
  const record = { adapterSha256: await contentOf(adapter), ...error };
  await writeFileDurably(join(merged, MERGE_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * What was measured when an adapter was merged.
 *
 * @throws NotFoundError where the folder holds no such record, InvalidInputError for one of another adapter
 */
export async function readMergeRecord(merged: string, adapter: string): Promise<MergeError> {
  const path = join(merged, MERGE_FILE);
  if (!existsSync(path)) {
    throw new NotFoundError(`${merged}: expected a folder that blora merge wrote, with its ${MERGE_FILE}, found none.`);
  }
  const { adapterSha256, ...error } = requireValid(schema, readJsonFile(path), path);
  if (adapterSha256 === (await contentOf(adapter))) return error;
  throw new InvalidInputError(
    `${path}: expected a checkpoint that ${adapter} is merged into, found one of another adapter.`,
  );
}

/** Whether a folder is what merging wrote of this very adapter; false of a model of any other origin. */
export async function isMergedInto(model: string, adapter: string): Promise<boolean> {
  const path = join(model, MERGE_FILE);
  if (!existsSync(path) || !tensorFiles(adapter).some((file) => existsSync(file))) return false;
  const { adapterSha256 } = requireValid(schema, readJsonFile(path), path);
  return adapterSha256 === (await contentOf(adapter));
}

/** SHA-256 of the adapter's tensors, the packed ones where it has them. */
async function contentOf(adapter: string): Promise<string> {
  const [packed, peft] = tensorFiles(adapter);
  return sha256OfFile(existsSync(packed) ? packed : peft);
}

function tensorFiles(adapter: string): readonly [packed: string, peft: string] {
  return [join(adapter, ADAPTER_PACKED_FILE), join(adapter, PEFT_TENSORS_FILE)];
}

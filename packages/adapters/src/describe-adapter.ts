import { NotFoundError } from "@blora/spec";
import { isPacked, readAdapterDescription } from "./adapter-folder.ts";
import type { AdapterDescription } from "./description.ts";
import { isPeft } from "./peft/read-peft.ts";

/**
 * What this project wrote beside the adapter of a folder; undefined for one of PEFT's.
 *
 * @throws NotFoundError where the folder holds neither
 */
export async function describeAdapter(folder: string): Promise<AdapterDescription | undefined> {
  if (isPacked(folder)) return readAdapterDescription(folder);
  if (isPeft(folder)) return undefined;
  throw new NotFoundError(
    `${folder}: expected an adapter, with a blora_config.json or PEFT's adapter_config.json, found neither.`,
  );
}

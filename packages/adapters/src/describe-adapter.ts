import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
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
  const inside = foldersIn(folder).filter((name) => isPacked(join(folder, name)) || isPeft(join(folder, name)));
  const advice = inside.length === 0 ? "" : ` Name one of the adapters in it: ${inside.join(", ")}.`;
  throw new NotFoundError(
    `${folder}: expected an adapter, with a blora_config.json or PEFT's adapter_config.json, found neither.${advice}`,
  );
}

/** Sorted; none where there is no such folder. PEFT saves an adapter that is not called `default` into one of its name. */
function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

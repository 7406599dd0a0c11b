import { sha256, sha256OfFile } from "@blora/files";
import type { FileSlice } from "@blora/spec";
import type { Checkpoint } from "./checkpoint.ts";

/**
 * SHA-256 of all that a network is computed from: `config.json` and the weight files. Two models of one name are two,
 * and one that was copied stays the same. Reads every weight.
 */
export async function checkpointSha256({ config, tensors, files }: Checkpoint): Promise<string> {
  const paths = Array.from(tensors.values(), ({ source }) => (source as FileSlice).path);
  const hashes: string[] = [];
  for (const file of files ?? [...new Set(paths)].sort()) hashes.push(await sha256OfFile(file));
  return sha256([JSON.stringify(config), ...hashes]);
}
